// The protocol of the icpy workspace daemon. Generated from its declarations: do not edit.

/** Params of `session:initialize`. */
export interface SessionInitializeParams {
  /** The calling program. */
  clientInfo: ClientInfo;
  /** The protocol versions that the client speaks; by default any. */
  protocol?: ProtocolRange | null;
  /** Optional abilities of the client, by name. */
  capabilities?: Record<string, unknown>;
}

/** A program that speaks to the daemon. */
export interface ClientInfo {
  /** What it is called, for people. */
  name: string;
  /** Its version. */
  version?: string;
}

/** An inclusive range of protocol versions. */
export interface ProtocolRange {
  /** The oldest. */
  min: number;
  /** The newest. */
  max: number;
}

/** Result of `session:initialize`. */
export interface SessionInitializeResult {
  /** The daemon. */
  serverInfo: ClientInfo;
  /** The protocol version that holds on this connection. */
  protocol: number;
  /** Optional abilities of the daemon, by name. */
  capabilities: Record<string, unknown>;
  /** Names the daemon; a restart in place does not change that. */
  daemonId: string;
  /** Names this session. */
  sessionId: string;
  /** A secret that lets this client, and no other, take the session up again. */
  resumeToken: string;
  /** The place in the history of events at which the session begins. */
  position: Position;
}

/** A place in the history of events. */
export interface Position {
  /** Names one history: numbers of different epochs have nothing to do with each other. */
  epoch: string;
  /** The number of the last event before this place; 0 is the beginning. */
  seq: number;
}

/** Params of `session:subscribe`. */
export interface SessionSubscribeParams {
  /** An event is delivered when any of these matches its topic. */
  patterns: Array<Pattern>;
  /** Only events whose payload has these members with these values. */
  filter?: Record<string, unknown>;
  /** Begin with the events after this place; by default with the next one. */
  after?: Position | null;
  /** Read from the event log what is no longer kept in memory: where the subscription begins, and whenever it falls behind. Each durable event that matches comes once and in order; of the others that were lost a `session:gap` tells. Not together with a pace. */
  replay?: SessionReplay | null;
  /** Deliver an event when none followed it for so many milliseconds, and only the last. */
  debounceMs?: number | null;
  /** Deliver at most one event in so many milliseconds: the first at once, then the newest. */
  throttleMs?: number | null;
  /** A member of the payload: debounce or throttle the events of each of its values apart. */
  coalesceBy?: string | null;
  /** Hold events for so many milliseconds and deliver them together, all of them. */
  bufferMs?: number | null;
}

/** A pattern over topics: `*` is one segment, `**` at the end the rest (`file:*`, `**`). */
export type Pattern = string;

/** Where a subscription begins in the event log, where `after` is not given or no longer kept; by default at its end. */
export interface SessionReplay {
  /** After the event with this id, and with all events that are kept in memory behind it. Refused with `gone` when later ones are no longer in the log. */
  afterLogId?: number | null;
  /** With the first event of the log that happened at this time or later, in milliseconds since 1970. Events that are not durable come from the first durable one in memory on. */
  sinceMs?: number | null;
}

/** Result of `session:subscribe`. */
export interface SessionSubscribeResult {
  /** Names the subscription on this session; every event carries it. */
  subscription: number;
  /** Where the subscription begins: the first event's `prev` is this `seq`. */
  position: Position;
  /** With `replay`: the event of the log after which it begins. */
  logId?: number | null;
}

/** Params of `session:unsubscribe`. */
export interface SessionUnsubscribeParams {
  /** The subscription to end. */
  subscription: number;
}

/** Params or result of a method that has none. Members are ignored. */
export type Empty = Record<string, never>;

/** Params of `session:resume`. */
export interface SessionResumeParams {
  /** From `session:initialize`. */
  resumeToken: string;
  /** The epoch of the positions below. */
  epoch: string;
  /** The last event that the client has seen, for every subscription that is not named below. */
  after?: number | null;
  /** The last event that the client has seen, by subscription. */
  subscriptions?: Record<string, number>;
  /** The last event of the log that the client has seen, by subscription: those with `replay` go on from there, where they had not read the log to its end or events are no longer kept. */
  logged?: Record<string, number>;
}

/** Result of `session:resume`. */
export interface SessionResumeResult {
  /** Whether the tail follows or is gone. */
  status: SessionResumeStatus;
  /** Names the session: the same as before. */
  sessionId: string;
  /** The token for the next time. */
  resumeToken: string;
  /** Where the subscriptions go on. */
  position: Position;
  /** The subscriptions that live on, by their old names. */
  subscriptions: Array<number>;
  /** When gone or replayed: the results of the methods that answer for the subscribed topics, by method name. Each says at which position it was taken. */
  snapshot?: Record<string, unknown>;
  /** Why the daemon closed the lost connection, if it did. */
  closedBecause?: string | null;
}

/** How a session was taken up. */
export type SessionResumeStatus = "resumed" | "replayed" | "gone";

/** Result of `session:list`. */
export interface SessionListResult {
  /** The sessions, oldest first. */
  sessions: Array<SessionInfo>;
}

/** One connected session. */
export interface SessionInfo {
  /** Names the session. */
  sessionId: string;
  /** The program, if it introduced itself. */
  clientInfo?: ClientInfo | null;
  /** The process at the other end, where the system tells. */
  pid?: number | null;
  /** When it connected, in milliseconds since 1970. */
  connectedAtMs: number;
  /** How many subscriptions it has. */
  subscriptions: number;
  /** How many requests it waits for. */
  requests: number;
  /** Bytes that wait to be read by it. */
  queuedBytes: number;
  /** Whether this is the session that asks. */
  isCaller: boolean;
}

/** Payload of `session:gap`. */
export interface SessionGap {
  /** The subscription that missed something. */
  subscription: number;
  /** The history it is about. */
  epoch: string;
  /** The first event that may be missing. */
  from: number;
  /** The last event that may be missing. */
  to: number;
}

/** Payload of `session:bookmark`. */
export interface SessionBookmark {
  /** The subscription it is about. */
  subscription: number;
  /** The history it is about. */
  epoch: string;
  /** A resume after this event misses nothing. */
  seq: number;
  /** Of a subscription with `replay`: the same in the event log. */
  logId?: number | null;
}

/** Payload of `session:closing`. */
export interface SessionClosing {
  /** Why, as a sentence fragment. */
  reason: string;
  /** Whether the client can go on at once: it connects again and resumes the session. */
  canResume?: boolean;
}

/** Result of `daemon:status`. */
export interface DaemonStatusResult {
  /** The daemon's version. */
  version: string;
  /** The newest protocol version it speaks. */
  protocol: number;
  /** Names the daemon; a restart in place does not change that. */
  daemonId: string;
  /** Its process. */
  pid: number;
  /** When it started, in milliseconds since 1970. */
  startedAtMs: number;
  /** How long it has been running. */
  uptimeMs: number;
  /** How often its program was replaced in place. */
  restarts?: number;
  /** Where it listens. */
  socket: FilePath;
  /** Where it keeps its state. */
  stateFolder: FilePath;
  /** Its log. */
  log: FilePath;
  /** How many sessions are connected. */
  sessions: number;
  /** How many files are open, in all workspaces. Absent when the store cannot be read. */
  openFiles?: number | null;
  /** What would be lost if the daemon ended now. */
  losses?: Array<DaemonLoss>;
  /** What is wrong with the daemon, as sentences. */
  problems?: Array<string>;
  /** The present place in the history of events. */
  position: Position;
  /** How the bus does. */
  bus: BusStatistics;
}

/** A path: a string, or its bytes in base64 where they are not Unicode. */
export type FilePath = string | { base64: string };

/** Something that would be lost if the daemon ended. */
export interface DaemonLoss {
  /** What it is: `terminal`. */
  kind: string;
  /** Names it among its kind. */
  id: string;
  /** What would be lost, as a sentence for people. */
  description: string;
}

/** What the bus has done since the daemon started. */
export interface BusStatistics {
  /** Events published. */
  published: number;
  /** Events that went to a subscription, counted once for each. */
  delivered: number;
  /** Waiting events that a newer one with the same key replaced. */
  conflated: number;
  /** Times a subscriber's queue was full, so that it reads on from the kept events. */
  overflowed: number;
  /** Times a subscriber was told of a gap. */
  gaps: number;
  /** Subscriptions now. */
  subscriptions: number;
  /** Events kept for replay now. */
  keptEvents: number;
  /** Bytes of the events kept for replay now. */
  keptBytes: number;
}

/** Result of `daemon:metrics`. Counters begin with the running program. */
export interface DaemonMetricsResult {
  /** Requests by method, of those that were called. */
  methods: Record<string, MethodMetrics>;
  /** Requests that were not started: their method is not known, their params are wrong, or their caller may not. */
  refused: number;
  /** Connected sessions. */
  sessions: number;
  /** Bytes that wait to be read by clients. */
  queuedBytes: number;
  /** Terminals. */
  terminals: number;
  /** What the bus has done. */
  bus: BusStatistics;
  /** How the cache of files' contents does. */
  fileCache?: CacheStatistics;
  /** How long the daemon has been running. */
  uptimeMs: number;
  /** Memory of the process that is in use, in bytes. Absent where the system does not tell. */
  residentBytes?: number | null;
  /** Descriptors that the process has open. Absent where the system does not tell. */
  openDescriptors?: number | null;
}

/** Requests of one method. */
export interface MethodMetrics {
  /** Requests that were started. */
  requests: number;
  /** Those that ended with an error. */
  errors: number;
  /** Those whose caller did not wait for the end. */
  cancelled: number;
  /** How long those that ended took together, in microseconds. */
  totalUs: number;
  /** How many ended within 1, 4, 16 and so on up to 16,777,216 microseconds and not within the bound before; the last number is of those that took longer. */
  buckets: Array<number>;
}

/** How a cache does. */
export interface CacheStatistics {
  /** Times something was there. */
  hits: number;
  /** Times something was not, or not any more. */
  misses: number;
  /** Entries that had to go for others. */
  evictions: number;
  /** Entries now. */
  entries: number;
  /** Bytes of the entries now. */
  bytes: number;
}

/** Params of `daemon:stop`. */
export interface DaemonStopParams {
  /** End it whatever is lost. */
  force?: boolean;
}

/** Params of `daemon:restart`. */
export interface DaemonRestartParams {
  /** The program, from the root; by default the one that runs, as it is on disk now. */
  program?: FilePath | null;
}

/** Result of `daemon:restart`. */
export interface DaemonRestartResult {
  /** The version of the program that takes over. Whether it has, `daemon:status` tells by `restarts`. */
  version: string;
}

/** Result of `daemon:get_config`. */
export interface DaemonGetConfigResult {
  /** The file that settings are read from; it need not exist. */
  file: FilePath;
  /** The settings by key, as `log.level`. */
  settings: Record<string, DaemonSetting>;
}

/** One setting. */
export interface DaemonSetting {
  /** Its value. */
  value: unknown;
  /** Where it comes from: `FILE:LINE`, a variable's name, `--set` or the method that set it. Absent for a default. */
  origin?: string | null;
}

/** Result of `daemon:reload`. */
export interface DaemonReloadResult {
  /** The settings that are in force with new values, by key. */
  changed: Array<string>;
  /** The settings whose new values hold from the next start on. */
  needsRestart: Array<string>;
}

/** Params of `daemon:set_log_level`. */
export interface DaemonSetLogLevelParams {
  /** How much is logged. */
  level: LogLevel;
}

/** How much is logged: each level has what those before it have, and more. */
export type LogLevel = "error" | "warn" | "info" | "debug" | "trace";

/** Params of `event:list`. */
export interface EventListParams {
  /** Only events whose topic matches one of these; by default all. */
  patterns?: Array<Pattern>;
  /** Only events that name this file, or something below this folder: absolute. */
  path?: FilePath | null;
  /** Only events logged after the one with this id. */
  afterId?: number | null;
  /** Only events from the first one on that happened at this time or later, in milliseconds since 1970. */
  sinceMs?: number | null;
  /** The newest ones, when there are more than the limit; by default it is the oldest. */
  newest?: boolean;
  /** At most so many events; by default, and at most, 1000. */
  limit?: number | null;
}

/** Result of `event:list`. */
export interface EventListResult {
  /** The events, oldest first. */
  events: Array<LoggedEvent>;
  /** Give this as `afterId` for the next ones; absent when there are no more, and of the newest ones. */
  nextAfterId?: number | null;
  /** The last event of the log, which this is up to. Who goes on by `replay` after it misses nothing. */
  lastId?: number;
}

/** One event of the log. */
export interface LoggedEvent {
  /** Its place in the log, rising over the daemon's restarts. */
  id: number;
  /** When it happened, in milliseconds since 1970. */
  timeMs: number;
  /** Who caused it, where that is known. */
  by?: EventActor | null;
  /** Its topic. */
  topic: string;
  /** Its payload. */
  payload: Record<string, unknown>;
}

/** Who caused an event. */
export interface EventActor {
  /** The session; `daemon` is the daemon itself. */
  session: string;
  /** What the session's client calls itself: an editor, an agent, a command. Of one that has not said so it is what its program is called, where the system tells. */
  client?: string | null;
  /** The user, of who came over HTTP. */
  user?: string | null;
  /** The user of the system, of who came over the socket. */
  uid?: number | null;
  /** The process at the other end of the socket, where the system tells. */
  pid?: number | null;
}

/** Params of `workspace:list`. */
export interface WorkspaceListParams {
  /** Whether those are listed too that were closed. */
  includeClosed?: boolean;
}

/** Result of `workspace:list`. */
export interface WorkspaceListResult {
  /** The workspaces, the one used last first. */
  workspaces: Array<WorkspaceInfo>;
  /** When this was true. */
  position: Position;
}

/** One workspace. */
export interface WorkspaceInfo {
  /** Names the workspace. */
  workspaceId: string;
  /** What people call it: by default the folder's name. */
  name: string;
  /** The folder. */
  root: FilePath;
  /** Further folders that were added to it. */
  folders?: Array<FilePath>;
  /** Whether it is the active one, in which a file opens that belongs to none. */
  isActive: boolean;
  /** When it was made, in milliseconds since 1970. */
  createdAtMs: number;
  /** When it was made the active one last, in milliseconds since 1970. */
  activatedAtMs: number;
  /** When it was closed, in milliseconds since 1970, if it is not open. */
  closedAtMs?: number | null;
  /** Rises with every change of the workspace's state. */
  revision: number;
  /** How many files are open in it. */
  openFiles: number;
}

/** Params of `workspace:create`. */
export interface WorkspaceCreateParams {
  /** The folder: absolute and there. */
  root: FilePath;
  /** What people call it: by default the folder's name. 1 to 200 bytes, without control characters. */
  name?: string | null;
}

/** Params of `workspace:get_state`. */
export interface WorkspaceGetStateParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
}

/** Result of `workspace:get_state`. */
export interface WorkspaceGetStateResult {
  /** The workspace. */
  workspace: WorkspaceInfo;
  /** Its open files, the one opened first first. */
  files: Array<OpenFile>;
  /** When this was true: events after it are changes of this state. */
  position: Position;
}

/** One open file. */
export interface OpenFile {
  /** Names the open file. */
  fileId: string;
  /** The workspace it is open in. */
  workspaceId: string;
  /** Its path, absolute. That of a text without a file is `untitled:WORKSPACE/NAME`. */
  path: FilePath;
  /** When it was opened first, in milliseconds since 1970. */
  openedAtMs: number;
  /** What it is open for, when not just to be edited. */
  purpose?: FilePurpose | null;
}

/** What a file is open for: an editor shows it accordingly. */
export type FilePurpose = { kind: "compare"; with: FilePath } | { kind: "merge"; local: FilePath; remote: FilePath; base: FilePath };

/** Params of `workspace:activate`. */
export interface WorkspaceActivateParams {
  /** The workspace. */
  workspaceId: string;
}

/** Params of `workspace:rename`. */
export interface WorkspaceRenameParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
  /** What people are to call it: 1 to 200 bytes, without control characters. */
  name: string;
}

/** Params of `workspace:add_folder` and `workspace:remove_folder`. */
export interface WorkspaceFolderParams {
  /** The folder: absolute, and there when it is added. */
  path: FilePath;
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
}

/** Params of `workspace:close`. */
export interface WorkspaceCloseParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
  /** Whether text that is not saved is thrown away. */
  discard?: boolean;
}

/** Params of `workspace:delete`. */
export interface WorkspaceDeleteParams {
  /** The workspace. */
  workspaceId: string;
  /** Whether text that is not saved is thrown away. */
  discard?: boolean;
}

/** Params of `workspace:export`. */
export interface WorkspaceExportParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
}

/** A workspace as a document. It has at most 10,000 folders, files, records and preferences in all. */
export interface WorkspaceDocument {
  /** The version of the document. */
  version: WorkspaceDocumentVersion;
  /** What people call the workspace. */
  name: string;
  /** Its folder, absolute. */
  root: FilePath;
  /** Further folders of it, absolute. */
  folders?: Array<FilePath>;
  /** The files that are open, but for those that are compared or merged, the one opened first first. */
  files?: Array<FilePath>;
  /** Files that were used, the one used last first. */
  recentFiles?: Array<FilePath>;
  /** The records that clients keep, by their keys: panels, layouts, cursors. */
  records?: Record<string, unknown>;
  /** What is preferred in this workspace, by the preferences' keys: at most 1,000. */
  preferences?: Record<string, unknown>;
}

/** The version of a document, which is 1. What makes older daemons read a document wrongly raises it. */
export type WorkspaceDocumentVersion = number;

/** Params of `workspace:import`. */
export interface WorkspaceImportParams {
  /** What `workspace:export` has returned. */
  document: WorkspaceDocument;
  /** Another folder than the document's: what the document has below that is then below this one. */
  root?: FilePath | null;
  /** Whether a workspace over the same folder becomes what the document says, and loses what it was but for its checkpoints and roles. Without this it is an error that there is one. */
  replace?: boolean;
  /** Whether text of files that are closed by that is thrown away where it is not saved. */
  discard?: boolean;
}

/** Result of `workspace:import`. */
export interface WorkspaceImportResult {
  /** The workspace, which is the active one now. */
  workspace: WorkspaceInfo;
  /** Whether it was made, and not replaced. */
  isNew: boolean;
  /** Files and folders of the document that were left out. */
  missing: Array<WorkspaceMissing>;
}

/** Something of a document that cannot be used. */
export interface WorkspaceMissing {
  /** The file or folder. */
  path: FilePath;
  /** Why, as a sentence for people. */
  reason: string;
}

/** Payload of `workspace:state_changed`. */
export interface WorkspaceStateChanged {
  /** The workspace as it is now. */
  workspace: WorkspaceInfo;
}

/** Payload of `workspace:closed`. */
export interface WorkspaceClosed {
  /** The workspace as it is now. */
  workspace: WorkspaceInfo;
  /** The session that closed it. */
  closedBy: string;
}

/** Payload of `workspace:deleted`. */
export interface WorkspaceDeleted {
  /** The workspace as it was. */
  workspace: WorkspaceInfo;
  /** The session that had it forgotten. */
  deletedBy: string;
}

/** Params of `project:load`. */
export interface ProjectLoadParams {
  /** The folder: absolute and there. */
  path: FilePath;
}

/** Result of `project:load`. */
export interface ProjectLoadResult {
  /** The folder's workspace. */
  workspace: WorkspaceInfo;
  /** Whether it was made just now. */
  isNew: boolean;
  /** How many subscribers were told. */
  receivers: number;
}

/** Params of `state:get`. */
export interface StateGetParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
  /** Only records whose keys begin so. */
  prefix?: string | null;
}

/** Result of `state:get`. */
export interface StateGetResult {
  /** The workspace. */
  workspaceId: string;
  /** The records, by their keys. */
  records: Array<StateRecord>;
  /** When this was true. */
  position: Position;
}

/** One record. */
export interface StateRecord {
  /** Names it in its workspace, as in `panel/left`. */
  key: string;
  /** Rises with each change of it. */
  rev: number;
  /** What it holds; `null` when it is gone. */
  value: unknown;
}

/** Params of `state:mutate`. */
export interface StateMutateParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
  /** The changes, one after the other. */
  mutations: Array<StateMutation>;
  /** Names the whole: sent again it is answered as the first time. The last thousand of a workspace are known. */
  mutationId?: string | null;
}

/** A change of one record: `set`, `merge` or `delete`. */
export interface StateMutation {
  /** The record: 1 to 256 bytes, without control characters. Those below `open_file/`, `folder/`, `recent_file/` and `pref/` change by `file:*`, `workspace:*` and `preferences:*` alone, but those below `recent_file/` can be deleted. */
  key: string;
  /** Only if it is of this revision now; 0 means that there is none. */
  ifRev?: number | null;
  /** What it is to hold, which is not `null`. */
  set?: unknown;
  /** Members that its object is to have; those that are `null` go. Of no record, or one that holds no object, they make one. */
  merge?: Record<string, unknown> | null;
  /** Removes it. */
  delete?: boolean;
}

/** Result of `state:mutate` and `state:rollback`. */
export interface StateMutateResult {
  /** The records that were changed, as they were then. */
  records: Array<StateRecord>;
}

/** Params of `state:create_checkpoint`. */
export interface StateCheckpointParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
  /** What people call it: 1 to 200 bytes. */
  name: string;
}

/** Records that are remembered. */
export interface StateCheckpoint {
  /** Names it. */
  checkpointId: string;
  /** The workspace. */
  workspaceId: string;
  /** What people call it. */
  name: string;
  /** When it was made, in milliseconds since 1970. */
  createdAtMs: number;
  /** How many records it has. */
  records: number;
}

/** Params that name a workspace. */
export interface StateOfParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
}

/** Result of `state:list_checkpoints`. */
export interface StateListCheckpointsResult {
  /** All of the workspace. */
  checkpoints: Array<StateCheckpoint>;
}

/** Params of `state:rollback`. */
export interface StateRollbackParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
  /** What to go back to. */
  checkpointId: string;
}

/** Payload of `state:updated`. */
export interface StateUpdated {
  /** The workspace. */
  workspaceId: string;
  /** The records that have changed, as they are now. */
  records: Array<StateRecord>;
  /** What the change was called by who made it. */
  mutationId?: string | null;
  /** The session that made it. */
  changedBy: string;
}

/** Params of `preferences:get`. */
export interface PreferencesGetParams {
  /** The workspace; without one, what holds where no workspace says anything. */
  workspaceId?: string | null;
}

/** Result of `preferences:get`. */
export interface PreferencesGetResult {
  /** By their keys. */
  preferences: Record<string, PreferencesValue>;
  /** When this was true. */
  position: Position;
}

/** A preference as it holds. */
export interface PreferencesValue {
  /** What holds. */
  value: unknown;
  /** Where it is from. */
  layer: PreferencesLayer;
  /** Its revision in that layer, which rises with each change; 0 of a default. */
  rev: number;
}

/** Where a preference is from. */
export type PreferencesLayer = "default" | "user" | "workspace";

/** Result of `preferences:schema`. */
export interface PreferencesSchemaResult {
  /** All, but for those of plugins. */
  preferences: Array<PreferencesDeclared>;
  /** What the keys of plugins begin with. */
  freePrefix: string;
  /** The most bytes of a value as JSON. */
  valueBytesMax: number;
}

/** A preference that there is. */
export interface PreferencesDeclared {
  /** Names it. */
  key: string;
  /** What it is. */
  description: string;
  /** What it is when nobody has set it. */
  default: unknown;
  /** What it can be, as a JSON Schema. */
  schema: unknown;
}

/** Params of `preferences:set`. */
export interface PreferencesSetParams {
  /** The preference: 1 to 200 bytes, without control characters. At most 1,000 are set in one layer. */
  key: string;
  /** What it is to be, of at most 65,536 bytes as JSON; `null` takes it out of the layer. */
  value?: unknown;
  /** The workspace in which it is to hold; without one it is the user's. */
  workspaceId?: string | null;
  /** Only if it is of this revision in that layer now; 0 means that it is not set there. */
  ifRev?: number | null;
}

/** Result of `preferences:set`. */
export interface PreferencesSetResult {
  /** The preference. */
  key: string;
  /** Its value in the layer; `null` when it is not set there. */
  value: unknown;
  /** Its revision in the layer. */
  rev: number;
}

/** Payload of `preferences:changed`. */
export interface PreferencesChanged {
  /** The workspace, unless it is a user's. */
  workspaceId?: string | null;
  /** The user, unless it is a workspace's or the daemon's own user's. */
  user?: string | null;
  /** The preference. */
  key: string;
  /** Its value in that layer; `null` when it is not set there any more. */
  value: unknown;
  /** Its revision in that layer. */
  rev: number;
  /** The session that changed it. */
  changedBy: string;
}

/** Params of `presence:list`. */
export interface PresenceListParams {
  /** Only in this workspace. */
  workspaceId?: string | null;
}

/** Result of `presence:list`. */
export interface PresenceListResult {
  /** Who is there, who came first first. */
  present: Array<PresenceInfo>;
}

/** Somebody who is there. */
export interface PresenceInfo {
  /** The session. */
  sessionId: string;
  /** The user. */
  user: string;
  /** The program, as it names itself. */
  client: string;
  /** The workspace. */
  workspaceId: string;
  /** When it came, in milliseconds since 1970. */
  sinceMs: number;
  /** What people call it, as far as it says so: 1 to 100 bytes. */
  name?: string | null;
  /** The file. */
  path?: FilePath | null;
  /** What is selected in it: at most 100. */
  selections?: Array<PresenceRange>;
  /** What of it can be seen. */
  viewport?: PresenceRange | null;
  /** Whether it does nothing. */
  isIdle?: boolean;
  /** The session that it follows. */
  follows?: string | null;
  /** Open files that it waits for until they are closed, as `icpy --wait` does: at most 100. An editor shows how to say that they are done, or not: `file:close`, with `discard`. */
  waitsFor?: Array<FilePath>;
}

/** A part of a text that somebody has selected: where it begins and ends. A cursor begins where it ends. */
export interface PresenceRange {
  /** The end that stays. */
  anchor: TextPlace;
  /** The end that moves. */
  head: TextPlace;
}

/** A place in a text. */
export type TextPlace = number | { line: number; character: number };

/** Params of `presence:update`. */
export interface PresenceUpdateParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
  /** What people call it, as far as it says so: 1 to 100 bytes. */
  name?: string | null;
  /** The file. */
  path?: FilePath | null;
  /** What is selected in it: at most 100. */
  selections?: Array<PresenceRange>;
  /** What of it can be seen. */
  viewport?: PresenceRange | null;
  /** Whether it does nothing. */
  isIdle?: boolean;
  /** The session that it follows. */
  follows?: string | null;
  /** Open files that it waits for until they are closed, as `icpy --wait` does: at most 100. An editor shows how to say that they are done, or not: `file:close`, with `discard`. */
  waitsFor?: Array<FilePath>;
}

/** Payload of `presence:left`. */
export interface PresenceLeft {
  /** The session. */
  sessionId: string;
  /** The workspace that it was in. */
  workspaceId: string;
}

/** Params of `file:open`. */
export interface FileOpenParams {
  /** The file: absolute, and there unless it may be new. */
  path: FilePath;
  /** Whether it need not be there: then its text is empty, and it is made when that is saved. */
  mayBeNew?: boolean;
  /** The place to show. */
  position?: TextPosition | null;
  /** The workspace to open it in, whatever its root. */
  workspaceId?: string | null;
  /** How the workspace is found where none is named. */
  placing?: FilePlacing;
  /** What it is opened for. */
  purpose?: FilePurpose | null;
}

/** A place in a text, as people count: from 1. */
export interface TextPosition {
  /** The line, from 1. */
  line: number;
  /** The column, from 1; by default the first. */
  column?: number | null;
}

/** Which workspace a file opens in, when none is named. */
export type FilePlacing = "auto" | "active" | "own";

/** Result of `file:open`. */
export interface FileOpenResult {
  /** The open file. */
  file: OpenFile;
  /** Whether it was opened just now, and not shown again. */
  isNew: boolean;
  /** How many subscribers were told: with none, nobody sees the file. */
  receivers: number;
}

/** Params of `file:create_untitled`. */
export interface FileCreateUntitledParams {
  /** The workspace: by default the active one. */
  workspaceId?: string | null;
}

/** Params of `file:close`: the open file by its id, or by its path. */
export interface FileCloseParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
  /** Whether what was changed is thrown away: who waits for the file is told so. */
  discard?: boolean;
}

/** Result of `file:close`. */
export interface FileCloseResult {
  /** Names the open file. */
  fileId: string;
  /** The workspace it is open in. */
  workspaceId: string;
  /** Its path, absolute. That of a text without a file is `untitled:WORKSPACE/NAME`. */
  path: FilePath;
  /** When it was opened first, in milliseconds since 1970. */
  openedAtMs: number;
  /** What it is open for, when not just to be edited. */
  purpose?: FilePurpose | null;
  /** Whether its text is not saved. It is kept, and there again when the file is opened. */
  isUnsaved?: boolean;
}

/** Params of `file:list`. */
export interface FileListParams {
  /** Only the files of this workspace. */
  workspaceId?: string | null;
}

/** Result of `file:list`. */
export interface FileListResult {
  /** The open files, the one opened first first. */
  files: Array<OpenFile>;
  /** When this was true. */
  position: Position;
}

/** Params of `file:get_text`. */
export interface FileGetTextParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
}

/** The text of an open file, and what is known of it. */
export interface FileText {
  /** The file. */
  path: FilePath;
  /** Which revision the text is. */
  revision: TextRevision;
  /** The text, with lines that end with a line feed. */
  text: string;
  /** Whether the text is another one than on disk. */
  isDirty: boolean;
  /** The version of the file on disk that was last taken in or written. Absent where there is no file. */
  version?: string | null;
  /** The charset of the file. */
  charset: string;
  /** Whether the file begins with a byte order mark. */
  hasBom?: boolean;
  /** The revision up to which every edit survives a crash. */
  durableRev: number;
  /** What the file on disk has that could not be merged. While there is any the file is not saved. */
  conflicts?: Array<TextConflict>;
}

/** A revision of a text. The number alone does not name it: after a crash the same number may come again. */
export interface TextRevision {
  /** Names the history. It is a new one when some of what was told of the last one is not known any more. */
  epoch: string;
  /** The revision's number in it. */
  rev: number;
}

/** A part of a text that was changed here and on disk, each in its own way. The text has ours. */
export interface TextConflict {
  /** What it was before. */
  base: string;
  /** What it was here when the other change came. */
  ours: string;
  /** What it became on disk. */
  theirs: string;
}

/** Params of `file:edit`: `edits`, or the whole new `text`, or a `patch`. */
export interface FileEditParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
  /** The history of the revision that the edit was made for. A patch needs none: it says itself what it changes. */
  epoch?: string | null;
  /** The revision that the edit was made for. */
  baseRev?: number | null;
  /** Parts of that revision, and what they become, all at once. No two may share any text. */
  edits?: Array<TextEdit> | null;
  /** The whole text as it is to be: what differs from that revision is the edit. */
  text?: string | null;
  /** Whether `text` has in it what this client has changed since that revision: for one that does not know which of its edits have arrived. Where these cannot be told from those of others the edit is a `conflict`. */
  hasOwnEdits?: boolean;
  /** A unified diff of this one file. */
  patch?: string | null;
  /** What the places in `edits` are counted in. */
  unit?: TextUnit;
  /** Names the client for as long as it may send an edit again: by default its session. */
  client?: string | null;
  /** The client's count of its edits of this file, which rises. An edit that comes again is made once: a client that begins to count anew takes another name. */
  clientSeq?: number | null;
  /** Edits of one author with the same group are undone together, such as those of an agent's task. By default those are that follow each other within half a second. */
  group?: string | null;
}

/** A part of a text, and what it becomes. */
export interface TextEdit {
  /** Where the part begins. */
  from: TextPlace;
  /** Where it ends: by default where it begins. */
  to?: TextPlace | null;
  /** What it becomes. `\r\n` and `\r` become `\n`. */
  text?: string;
}

/** What places in a text are counted in. */
export type TextUnit = "utf16" | "utf8";

/** Result of `file:edit`, and of what else makes revisions. */
export interface FileEditResult {
  /** The revision that the edit has become. Whoever follows `file:changed` has been told of all up to it. */
  revision: TextRevision;
}

/** Params of `file:undo` and `file:redo`. */
export interface FileUndoParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
  /** Whose edits: by default those of the caller's session. */
  client?: string | null;
}

/** Result of `file:undo` and `file:redo`. */
export interface FileUndoResult {
  /** The present revision. */
  revision: TextRevision;
  /** Whether there was something to undo or redo. */
  isChanged: boolean;
}

/** Params of `file:save`. */
export interface FileSaveParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
}

/** Result of `file:save`, and payload of `file:saved`. */
export interface FileSaved {
  /** The file. */
  path: FilePath;
  /** The revision that was written. */
  revision: TextRevision;
  /** The version of the file on disk. */
  version: string;
}

/** Params of `file:save_as`. */
export interface FileSaveAsParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
  /** Where it is written to: absolute, in a folder that is there. */
  to: FilePath;
  /** Whether a file that is there may be replaced. */
  overwrite?: boolean;
}

/** Result of `file:save_as`. */
export interface FileSavedAs {
  /** The open file with its new path. */
  file: OpenFile;
  /** The version of the file on disk. */
  version: string;
}

/** Params of `file:resolve`. */
export interface FileResolveParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
  /** Which text stays. */
  keep: TextSide;
}

/** A side of a conflict. */
export type TextSide = "ours" | "theirs";

/** Params of `file:history`. */
export interface FileHistoryParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
  /** Only what led to this revision, and not further: by default the present one. */
  before?: number | null;
  /** The most entries, from 1 to 1000: by default 100. */
  limit?: number | null;
}

/** Result of `file:history`. */
export interface FileHistoryResult {
  /** The file. */
  path: FilePath;
  /** The present revision. */
  rev: number;
  /** What was changed, the last first. */
  entries: Array<TextHistoryEntry>;
  /** When the text was written to the file in that time, the last first. */
  saves: Array<TextSave>;
  /** The `before` with which the history goes on. Absent where no older revision is kept. */
  nextBefore?: number | null;
}

/** Revisions of one author that belong together: what is undone at once. */
export interface TextHistoryEntry {
  /** The revision before. */
  fromRev: number;
  /** The last of its revisions. */
  toRev: number;
  /** Where it came from. */
  origin: TextOrigin;
  /** What its author calls it. */
  group?: string | null;
  /** When its first revision came, in milliseconds since 1970. */
  beganAtMs: number;
  /** When its last revision came, in milliseconds since 1970. */
  endedAtMs: number;
  /** How many bytes were inserted. */
  insertedBytes: number;
  /** How many bytes were removed. */
  removedBytes: number;
}

/** Where a revision came from. */
export interface TextOrigin {
  /** What it was. */
  kind: TextOriginKind;
  /** The client that sent it. */
  client?: string | null;
  /** The client's own count of it. */
  clientSeq?: number | null;
  /** The user it came from: `owner` is who the daemon runs for. */
  user?: string | null;
  /** What the user's program calls itself, such as an editor or an agent. */
  program?: string | null;
}

/** What a revision was. */
export type TextOriginKind = "edit" | "undo" | "redo" | "disk";

/** A text that was written to its file. */
export interface TextSave {
  /** The revision that was written. */
  rev: number;
  /** When, in milliseconds since 1970. */
  savedAtMs: number;
  /** The version that the file on disk had then. */
  version: string;
}

/** Params of `file:diff`. */
export interface FileDiffParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
  /** The older revision: by default what is on disk. */
  fromRev?: number | null;
  /** The newer revision: by default the present one. */
  toRev?: number | null;
}

/** Result of `file:diff`. */
export interface FileDiffResult {
  /** The file. */
  path: FilePath;
  /** The newer revision. */
  toRev: number;
  /** What differs, as a unified diff. Empty where nothing does. */
  patch: string;
}

/** Params of `file:restore`. */
export interface FileRestoreParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
  /** The revision whose text is to be there again. */
  rev: number;
  /** Names the client, as in `file:edit`: it can undo what was restored. */
  client?: string | null;
}

/** Payload of `file:opened`. */
export interface FileOpened {
  /** The open file. */
  file: OpenFile;
  /** The place to show. */
  position?: TextPosition | null;
  /** Whether it was opened just now, and not shown again. */
  isNew: boolean;
  /** The session that opened it. */
  openedBy: string;
}

/** Payload of `file:renamed`. */
export interface FileRenamed {
  /** The open file with its new path. */
  file: OpenFile;
  /** The path that it had. */
  from: FilePath;
}

/** Payload of `file:closed`. */
export interface FileClosed {
  /** The file that was open. */
  file: OpenFile;
  /** The session that closed it. */
  closedBy: string;
  /** Whether what was changed was thrown away. */
  isDiscarded?: boolean;
}

/** Payload of `file:changed`. */
export interface FileChanged {
  /** The file. */
  path: FilePath;
  /** The revision that the text is now: one more than before. */
  revision: TextRevision;
  /** What has changed since the revision before: places in that, in code units of UTF-16. */
  edits: Array<TextEdit>;
  /** Where it came from. */
  origin: TextOrigin;
}

/** Payload of `file:durable`. */
export interface FileDurable {
  /** The file. */
  path: FilePath;
  /** The revision up to which every edit survives a crash. */
  revision: TextRevision;
}

/** Payload of `file:text_state_changed`. */
export interface FileTextStateChanged {
  /** The file. */
  path: FilePath;
  /** The present revision. */
  revision: TextRevision;
  /** Whether the text is another one than on disk. */
  isDirty: boolean;
  /** The version of the file on disk that was last taken in or written. Absent where there is no file. */
  version?: string | null;
  /** The charset of the file. */
  charset: string;
  /** Whether the file begins with a byte order mark. */
  hasBom?: boolean;
  /** The revision up to which every edit survives a crash. */
  durableRev: number;
  /** What the file on disk has that could not be merged. While there is any the file is not saved. */
  conflicts?: Array<TextConflict>;
}

/** Params of `yjs:open`. */
export interface YjsOpenParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
  /** The epoch of the client's document, where it has one already. */
  epoch?: string | null;
  /** What the client's document has, as a state vector in base64: by default nothing. */
  stateVector?: string | null;
}

/** Result of `yjs:open`. */
export interface YjsOpenResult {
  /** The file. */
  path: FilePath;
  /** Names what the client's document has in common with the daemon's. */
  epoch: string;
  /** The revision of the text that the messages lead to. */
  revision: TextRevision;
  /** Messages for the client, in base64. */
  message: string;
}

/** Params of `yjs:send`. */
export interface YjsSendParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
  /** The epoch of the client's document. */
  epoch: string;
  /** Messages of the client, in base64. */
  message: string;
  /** Names the client in the history of the text: by default its session. */
  client?: string | null;
}

/** Result of `yjs:send`. */
export interface YjsSendResult {
  /** The present revision of the text. */
  revision: TextRevision;
  /** Messages for the client alone, in base64. */
  message?: string | null;
}

/** Params of `yjs:leave`. */
export interface YjsLeaveParams {
  /** The open file. */
  fileId?: string | null;
  /** Its path, when no id is given. */
  path?: FilePath | null;
}

/** Result of `yjs:leave`. */
export interface YjsLeaveResult {
  /** Whether the session was there. */
  wasThere: boolean;
}

/** Payload of `yjs:updated`. The daemon's epoch is a member of every event, so that this one has another name. */
export interface YjsUpdated {
  /** The file. */
  path: FilePath;
  /** The epoch of the documents that the messages are for: those of another one have nothing to do with them. */
  documentEpoch: string;
  /** The revision of the text that the messages lead to. */
  revision: TextRevision;
  /** The messages, in base64. */
  message: string;
}

/** Params of `fs:read_file`. */
export interface FsReadFileParams {
  /** The file. */
  path: FilePath;
  /** How to send the content; by default as text where it is text, else in base64. */
  encoding?: FsEncoding | null;
  /** Read the file as text in this charset, by any of its names that browsers know. Refused where that would not give the same bytes when it is written again. By default the charset is found out. */
  charset?: string | null;
  /** Read only from this byte on. Of text, a character belongs to the part that its first byte is in, so that parts can be joined. A part is text where it is UTF-8, where the file begins with a byte order mark, or where `charset` is UTF-16 or has one byte for each character. */
  offset?: number | null;
  /** Read only so many bytes; there are fewer where the file ends. */
  length?: number | null;
  /** Send the content in `$/stream` notifications of base64 before the answer, paced by the caller's `$/ack`. */
  stream?: boolean;
}

/** How content travels in a JSON string. */
export type FsEncoding = "utf-8" | "base64";

/** Result of `fs:read_file`. */
export interface FsReadFileResult {
  /** The content; absent when it was streamed. Line ends are as they are in the file; a byte order mark is left out. */
  content?: string | null;
  /** How the content is sent. */
  encoding: FsEncoding;
  /** The size of the whole file in bytes. */
  size: number;
  /** Names exactly this content: give it to `fs:write_file` as `baseVersion`. Absent when only a part was asked for. */
  version?: string | null;
  /** Of a part: the byte of the file at which the content begins. */
  offset?: number | null;
  /** Of a part: how many bytes of the file the content stands for. */
  length?: number | null;
  /** The text's charset, by its name in the WHATWG's Encoding Standard. Absent where it is not text, and of streams. */
  charset?: string | null;
  /** Whether the file begins with a byte order mark. */
  hasBom?: boolean;
  /** How the text's lines end. Absent of a part. */
  lineEnds?: FsLineEnds | null;
  /** Whether the last line of the text has an end. Absent of a part. */
  endsWithNewline?: boolean | null;
  /** Whether the file is no text for all that can be seen. Absent of a part. */
  isBinary?: boolean | null;
}

/** How the lines of a text end. */
export type FsLineEnds = "lf" | "crlf" | "cr" | "mixed" | "none";

/** Params of `fs:write_file`. */
export interface FsWriteFileParams {
  /** The file. Where it is a symbolic link, the file that it leads to. */
  path: FilePath;
  /** The whole new content, or that of a range. */
  content: string;
  /** How `content` is sent. */
  encoding?: FsEncoding;
  /** The charset to write text in; by default UTF-8. A character that it does not have is refused. */
  charset?: string | null;
  /** Begin the file with a byte order mark. Only UTF-8 and UTF-16 have one. */
  hasBom?: boolean;
  /** Write only if the file is of this version now. */
  baseVersion?: string | null;
  /** Write only if the file does not exist. */
  mustBeNew?: boolean;
  /** Make the folders that the file is to be in, where they do not exist. */
  makeFolders?: boolean;
  /** Replace only what begins at this byte. The file must be there, and so long at least; all of it is written anew. */
  offset?: number | null;
  /** How many bytes are replaced from `offset` on: 0 inserts, and what is more than there are means all. By default as many as the content has. */
  length?: number | null;
}

/** Result of `fs:write_file`. */
export interface FsWriteFileResult {
  /** Names the content that was written. */
  version: string;
  /** Its size in bytes. */
  size: number;
  /** Whether the file did not exist before. */
  isNew: boolean;
  /** How it was written. */
  method?: FsSaveMethod | null;
}

/** How new content came into a file. */
export type FsSaveMethod = "replaced" | "in_place";

/** Params of `fs:write_files`. */
export interface FsWriteFilesParams {
  /** The files, each of them once. */
  files: Array<FsWriteFileParams>;
}

/** Result of `fs:write_files`. */
export interface FsWriteFilesResult {
  /** What was written, in the order of the params. */
  files: Array<FsWriteFileResult>;
}

/** Params of `fs:begin_write`. */
export interface FsBeginWriteParams {
  /** The file. Where it is a symbolic link, the file that it leads to. */
  path: FilePath;
  /** The charset to write parts in that are sent as text; by default UTF-8. */
  charset?: string | null;
  /** Begin the file with a byte order mark. */
  hasBom?: boolean;
  /** Write only if the file is of this version, now and when the write is committed. */
  baseVersion?: string | null;
  /** Write only if the file does not exist, now and when the write is committed. */
  mustBeNew?: boolean;
  /** Make the folders that the file is to be in, where they do not exist. */
  makeFolders?: boolean;
}

/** Result of `fs:begin_write`. */
export interface FsBeginWriteResult {
  /** Names the write, for this session alone. */
  writeId: string;
  /** The byte that the first part begins at: 0, or the length of the byte order mark. */
  length: number;
}

/** Params of `fs:write_part`. */
export interface FsWritePartParams {
  /** The write. */
  writeId: string;
  /** The byte of the new content that the part begins at: the `length` that was answered last. A part that is there already may be sent again. */
  at: number;
  /** The part. */
  content: string;
  /** How `content` is sent. */
  encoding?: FsEncoding;
}

/** Result of `fs:write_part`. */
export interface FsWritePartResult {
  /** How many bytes are there now. */
  length: number;
}

/** Params of `fs:commit_write` and `fs:abort_write`. */
export interface FsEndWriteParams {
  /** The write. */
  writeId: string;
}

/** Params of `fs:list_directory`. */
export interface FsListDirectoryParams {
  /** The folder. */
  path: FilePath;
  /** Only what comes behind this place: the `nextAfter` of the page before. */
  after?: FsListPlace | null;
  /** At most so many entries; by default, and at most, 10000. */
  limit?: number | null;
  /** What to sort by. What is equal is sorted by name. */
  sortBy?: FsSortBy;
  /** Sort the other way round. */
  isDescending?: boolean;
  /** Folders first, in either direction. */
  foldersFirst?: boolean;
  /** Describe each entry in full. */
  details?: boolean;
}

/** A place in a sorted listing: right behind an entry, as that was when it was listed. A page that begins there is right whatever has become of the entry. */
export interface FsListPlace {
  /** The entry's name. */
  name: FilePath;
  /** What it was. Needed when sorted by that, or with folders first. */
  kind?: FsKind | null;
  /** Its size. Needed when sorted by that. */
  size?: number | null;
  /** When its content had changed last, in milliseconds since 1970. Needed when sorted by that. */
  modifiedAtMs?: number | null;
}

/** What a path names. */
export type FsKind = "file" | "directory" | "symlink" | "other";

/** What entries are sorted by. */
export type FsSortBy = "name" | "natural" | "size" | "modified" | "kind";

/** Result of `fs:list_directory`. */
export interface FsListDirectoryResult {
  /** The entries, sorted. */
  entries: Array<FsEntry>;
  /** Give this as `after` for the next page, with the same order; absent when there are no more. */
  nextAfter?: FsListPlace | null;
}

/** One entry of a folder. A symbolic link is not followed. */
export interface FsEntry {
  /** The entry's name in the folder. */
  name: FilePath;
  /** What it is. */
  kind: FsKind;
  /** Its size in bytes. */
  size: number;
  /** When its content changed last, in milliseconds since 1970. */
  modifiedAtMs: number;
  /** Whether listings leave it out by default. */
  isHidden?: boolean;
  /** Whether its name has letters that nobody sees, or that turn others around: it may seem to be another one. */
  isMisleading?: boolean;
  /** The permissions as a number, with the bits that chmod(1) knows: 420 is `rw-r--r--`. */
  mode?: number | null;
  /** The owner's number. */
  uid?: number | null;
  /** The group's number. */
  gid?: number | null;
  /** The owner's name, where `/etc/passwd` has it. */
  owner?: string | null;
  /** The group's name, where `/etc/group` has it. */
  group?: string | null;
  /** How many names it has. */
  links?: number | null;
  /** When it came into being, in milliseconds since 1970. */
  createdAtMs?: number | null;
  /** When it was read last, in milliseconds since 1970, as far as the filesystem keeps account. */
  accessedAtMs?: number | null;
  /** When its content, name or permissions changed last, in milliseconds since 1970. */
  changedAtMs?: number | null;
  /** Of a file: whether somebody may run it. */
  isExecutable?: boolean | null;
  /** Of what is neither file, folder nor link: what it is. */
  specialKind?: FsSpecialKind | null;
  /** Of a symbolic link: what it holds. */
  linkTarget?: FilePath | null;
  /** Of a symbolic link: whether it leads nowhere, or nowhere that this session may use. */
  isBroken?: boolean | null;
  /** Of a file: its media type, by its name; `fs:stat` looks into it where the name says nothing. */
  mime?: string | null;
  /** Whether it is ignored by git, by a `.gitignore`, or by an `.ignore`, itself or with a folder that it is in. */
  isIgnored?: boolean;
}

/** What exactly something is whose kind is `other`. */
export type FsSpecialKind = "fifo" | "socket" | "character_device" | "block_device";

/** Params of `fs:find`. */
export interface FsFindParams {
  /** The folder. */
  path: FilePath;
  /** Some characters of the file's path below the folder, in their order; or a glob for its path or name, with `*`, `?` or `[`. Of several words each must be found: `'word` as it is, `^word` at the beginning, `word$` at the end, `!word` not at all. Upper and lower case are the same, unless it has upper case. Without a query all files are found. */
  query: string;
  /** Whether hidden files are found too. */
  includeHidden?: boolean;
  /** At most so many files; by default, and at most, 10000. */
  limit?: number | null;
}

/** Result of `fs:find`. */
export interface FsFindResult {
  /** The files, by their paths below the folder: the best first, files that are open and those used last before others; for a glob folder by folder in the order of names. */
  files: Array<FilePath>;
  /** Whether there are more than the limit. */
  hasMore: boolean;
  /** Whether the folder is still being read, so that files are missing: ask again. */
  isPartial?: boolean;
  /** Folders of which files are missing because they cannot be read, or are more than 8192 bytes of path away. */
  foldersFailed?: number;
  /** The first of them, by their paths below the folder. */
  failed?: Array<FilePath>;
}

/** Params of `fs:grep`. */
export interface FsGrepParams {
  /** The folder, or the file. */
  path: FilePath;
  /** The regular expression. `\r\n` ends a line as `\n` does, so that `$` is before it and `.` is neither of the two. For a pattern that names `\r` itself only `\n` ends a line. */
  pattern: string;
  /** Whether upper and lower case are the same. */
  ignoreCase?: boolean;
  /** Whether upper and lower case are the same where the pattern has letters, and none of upper case. */
  smartCase?: boolean;
  /** Whether the pattern is a text and no expression. */
  isLiteral?: boolean;
  /** Whether a match begins and ends where words do. */
  wholeWord?: boolean;
  /** Whether lines are found that do not match. Nothing can be replaced in those. */
  isInverted?: boolean;
  /** Whether a match may go over several lines. */
  isMultiline?: boolean;
  /** Whether `.` is a newline too, in a match over several lines. */
  isDotAll?: boolean;
  /** Globs, as in `.gitignore`, for paths below the folder. Where there is one without `!` only files that fit one are searched; what fits one that begins with `!` is not. The last that fits wins, also over what is ignored. */
  globs?: Array<string>;
  /** Only files of one of these types are searched: names as ripgrep has them, such as `rust` or `py`. */
  types?: Array<string>;
  /** Whether binary files are searched as if they were text. Else a file is not looked at any more from its first NUL on; so it is with UTF-16 that no mark begins. */
  searchBinary?: boolean;
  /** Whether to search what is hidden too. */
  hidden?: boolean;
  /** Whether to search what git ignores too. */
  noIgnore?: boolean;
  /** So many lines before each match come with it; at most 100. */
  before?: number | null;
  /** So many lines after each match come with it; at most 100. */
  after?: number | null;
  /** At most so many lines. In an answer 10000 by default, and at most; in a stream as many as there are. */
  limit?: number | null;
  /** At most so many lines of each file. */
  countPerFile?: number | null;
  /** Whether files come in any order, as soon as they are searched; by default they come in the order of their paths. */
  isUnsorted?: boolean;
  /** Whether the lines come as found, before the answer, which then holds none: as pieces of a stream, each of whose `data` is one or more `FsMatch` objects, one a line. */
  stream?: boolean;
}

/** Result of `fs:grep`. */
export interface FsGrepResult {
  /** The lines, file by file; none where they were streamed. */
  matches: Array<FsMatch>;
  /** Whether there are more than the limit, or than an answer holds. */
  hasMore: boolean;
  /** What was looked at. */
  stats: FsGrepStats;
  /** The first of the files and folders that could not be read, by their paths from the folder. */
  failed?: Array<FilePath>;
}

/** One line that matches, or the lines of a match over several. */
export interface FsMatch {
  /** The file, by its path below the folder. */
  path: FilePath;
  /** The line, from 1. */
  line: number;
  /** The byte in the line at which the first match begins, from 1. */
  column: number;
  /** The byte of the file at which the line begins; in a file in UTF-16, of its text in UTF-8. */
  offset: number;
  /** The line without its end, and at most 512 bytes of it, among them where the first match begins; of a match over several lines the first 4096. Bytes that are no UTF-8 are replaced. */
  text: string;
  /** The byte in the line at which `text` begins, from 0. */
  textStart?: number;
  /** Whether there is more behind `text`. */
  isCut?: boolean;
  /** Where in `text` the matches are. */
  ranges: Array<FsRange>;
  /** Lines before it, those that no match before it has. */
  before?: Array<FsContextLine>;
  /** Lines after it, up to the next match. */
  after?: Array<FsContextLine>;
}

/** A part of a text, in bytes. */
export interface FsRange {
  /** Where it begins. */
  start: number;
  /** Where it ends: the byte after the last. */
  end: number;
}

/** A line near a match. */
export interface FsContextLine {
  /** The line, from 1. */
  line: number;
  /** The line without its end, and at most 512 bytes of it. */
  text: string;
  /** Whether there is more behind `text`. */
  is_cut?: boolean;
}

/** What a search looked at. */
export interface FsGrepStats {
  /** Files that were read. */
  files: number;
  /** Files that have a match. */
  filesMatched: number;
  /** Files that could not be read, and folders. */
  filesFailed: number;
  /** Files that were not read to their end because they are binary. */
  filesBinary?: number;
  /** Lines that were found, as they are counted for the limit. */
  lines: number;
  /** Bytes that were read. */
  bytes: number;
}

/** Params of `fs:watch`. */
export interface FsWatchParams {
  /** The folder, with all below it, or the file. */
  path: FilePath;
  /** Only the folder's own entries, and those that are ignored too. */
  isShallow?: boolean;
}

/** Result of `fs:watch`. */
export interface FsWatchResult {
  /** Give this to `fs:unwatch`. */
  watchId: string;
  /** The path without symbolic links: the paths in events begin with it. */
  path: FilePath;
  /** How many files are watched. */
  files: number;
  /** Whether it is looked at by the clock, every two seconds or less often: the system does not tell of changes there. */
  isPolled: boolean;
}

/** Params of `fs:unwatch`. */
export interface FsUnwatchParams {
  /** The watch. */
  watchId: string;
}

/** Params of `fs:sync`. */
export interface FsSyncParams {
  /** Only what is below this folder; by default everything that is watched. */
  path?: FilePath | null;
}

/** Params of `fs:confine`. */
export interface FsConfineParams {
  /** The folders that the session may use, with all below them; by default those of all workspaces there are now. */
  roots?: Array<FsRoot> | null;
  /** Globs for names, or for paths below a root: what they match is not there for the session. */
  denied?: Array<string>;
}

/** A folder that a session may use. */
export interface FsRoot {
  /** The folder. */
  path: FilePath;
  /** Whether the session may change nothing there. */
  isReadOnly?: boolean;
}

/** Params of `fs:preview_replace`. */
export interface FsPreviewReplaceParams {
  /** What is replaced. Lines around it and a stream cannot be asked for; the limit is one of matches, not of lines. */
  search: FsGrepParams;
  /** What takes its place. `$1`, `${1}` and `${name}` are groups of the match, `$0` is all of it, and `$$` is `$`. A newline becomes one of the file's. */
  replacement: string;
}

/** Result of `fs:preview_replace`. */
export interface FsPreviewReplaceResult {
  /** The files that would change, in the order of their paths. */
  files: Array<FsFileEdits>;
  /** Files that have a match and cannot be changed, and further names of those that can. */
  skipped: Array<FsSkippedFile>;
  /** Whether there are more than the limit, or than an answer holds. The last file may then lack some of its edits. */
  hasMore: boolean;
  /** What was looked at. */
  stats: FsGrepStats;
}

/** How one file would change. */
export interface FsFileEdits {
  /** The file, by its path below the folder. */
  path: FilePath;
  /** The version of the content that the edits are of. */
  baseVersion: string;
  /** The edits, in order; none overlaps another. */
  edits: Array<FsEdit>;
}

/** One match and what takes its place. */
export interface FsEdit {
  /** The line in which the match begins, from 1. */
  line: number;
  /** The byte in the line at which it begins, from 1. */
  column: number;
  /** The byte of the file at which it begins; in a file in UTF-16 or with a mark of its encoding, of the text in UTF-8. */
  start: number;
  /** The byte after its last. */
  end: number;
  /** The match, cut as a line is. */
  before: string;
  /** What takes its place, cut as a line is. */
  after: string;
  /** The line as it is, cut. */
  text: string;
}

/** A file that cannot be changed. */
export interface FsSkippedFile {
  /** The file, by its path below the folder. */
  path: FilePath;
  /** Why, as a sentence. */
  reason: string;
}

/** Params of `fs:replace`: what was shown by `fs:preview_replace`, and in which of the files. */
export interface FsReplaceParams {
  /** What is replaced, and by what, as in the preview; its limit is not looked at. */
  preview: FsPreviewReplaceParams;
  /** The files to be changed, each as a whole. */
  files: Array<FsFileVersion>;
}

/** A file in one version. */
export interface FsFileVersion {
  /** The file, by its path below the folder that was searched. */
  path: FilePath;
  /** The version that the preview is of. */
  baseVersion: string;
}

/** Result of `fs:replace`. */
export interface FsReplaceResult {
  /** How many matches were replaced. */
  replaced: number;
  /** What was written, in the order of the params. A file in which nothing changes is not among them. */
  files: Array<FsFileVersion>;
  /** What `fs:undo` takes; absent when nothing was replaced, or that could not be recorded. */
  operationId?: string | null;
}

/** Params of `fs:stat`. */
export interface FsStatParams {
  /** The path. */
  path: FilePath;
  /** Describe a symbolic link itself and not what it leads to. */
  noFollow?: boolean;
  /** Tell the version of a file too: all of it is read for that, unless the version is known. */
  withVersion?: boolean;
}

/** Result of `fs:stat`. */
export interface FsStatResult {
  /** What it is. */
  kind: FsKind;
  /** Its size in bytes. */
  size: number;
  /** When its content changed last, in milliseconds since 1970. */
  modifiedAtMs: number;
  /** Names exactly the content of a file, where that was asked for. */
  version?: string | null;
  /** Whether the permissions allow nobody to write it. */
  isReadOnly: boolean;
  /** Whether listings leave it out by default. */
  isHidden?: boolean;
  /** The permissions as a number, with the bits that chmod(1) knows: 420 is `rw-r--r--`. */
  mode?: number | null;
  /** The owner's number. */
  uid?: number | null;
  /** The group's number. */
  gid?: number | null;
  /** The owner's name, where `/etc/passwd` has it. */
  owner?: string | null;
  /** The group's name, where `/etc/group` has it. */
  group?: string | null;
  /** How many names it has. */
  links?: number | null;
  /** When it came into being, in milliseconds since 1970. */
  createdAtMs?: number | null;
  /** When it was read last, in milliseconds since 1970, as far as the filesystem keeps account. */
  accessedAtMs?: number | null;
  /** When its content, name or permissions changed last, in milliseconds since 1970. */
  changedAtMs?: number | null;
  /** Of a file: whether somebody may run it. */
  isExecutable?: boolean | null;
  /** Of what is neither file, folder nor link: what it is. */
  specialKind?: FsSpecialKind | null;
  /** Of a symbolic link: what it holds. */
  linkTarget?: FilePath | null;
  /** Of a symbolic link: whether it leads nowhere, or nowhere that this session may use. */
  isBroken?: boolean | null;
  /** Of a file: its media type, by its name; `fs:stat` looks into it where the name says nothing. */
  mime?: string | null;
  /** Whether it is ignored by git, by a `.gitignore`, or by an `.ignore`, itself or with a folder that it is in. */
  isIgnored?: boolean;
}

/** Params of `fs:create_directory`. */
export interface FsCreateDirectoryParams {
  /** The folder. */
  path: FilePath;
}

/** Result of `fs:create_directory`. */
export interface FsCreateDirectoryResult {
  /** The folders that were made, the outermost first; none where it was there already. */
  created: Array<FilePath>;
  /** Whether the folder was not there before. */
  isNew?: boolean;
  /** What `fs:undo` takes; absent when nothing was made, or that could not be recorded. */
  operationId?: string | null;
}

/** Params of `fs:create_symlink`. */
export interface FsCreateSymlinkParams {
  /** Where the link is to be. */
  path: FilePath;
  /** The text of the link: an absolute path, or one from the link's folder. It need not lead anywhere. */
  target: FilePath;
}

/** Result of `fs:create_symlink`. */
export interface FsCreateSymlinkResult {
  /** What `fs:undo` takes; absent when that could not be recorded. */
  operationId?: string | null;
}

/** Params of `fs:set_mode`. */
export interface FsSetModeParams {
  /** Files and folders; a symbolic link stands for what it leads to. At most 10000. */
  paths: Array<FilePath>;
  /** The permissions, as a number from 0 to 4095: 420 is what `chmod` calls 644. */
  mode: number;
  /** Others for folders; by default the same. */
  directoryMode?: number | null;
  /** Set them for all that is below folders too; symbolic links there are not followed. */
  isRecursive?: boolean;
  /** Send `$/progress` on the way, in things. */
  progress?: boolean;
}

/** Result of what is done with several things: what became of each, in their order. One that fails does not stop the others. */
export interface FsBatchResult {
  /** What became of each. */
  items: Array<FsItemResult>;
  /** What `fs:undo` takes; absent when nothing was done, or that could not be recorded. */
  operationId?: string | null;
}

/** What became of one of several things. */
export interface FsItemResult {
  /** Where it is now; where it was when it is deleted, or when nothing was done. */
  path: FilePath;
  /** Why it was not done; absent when it was. */
  error?: RpcError | null;
  /** What `fs:restore` brings it back by: where it is in the trash. */
  trashId?: FilePath | null;
  /** The same for what was replaced. */
  replacedTrashId?: FilePath | null;
}

/** Why a request failed: branch on `data.kind`, show `message`. */
export interface RpcError {
  code: number;
  message: string;
  data: { kind: "parse_error" | "invalid_request" | "method_not_found" | "invalid_params" | "internal" | "unauthenticated" | "not_found" | "already_exists" | "permission_denied" | "conflict" | "too_large" | "busy" | "timeout" | "unsupported" | "unavailable" | "gone" | "cancelled"; retryable: boolean; [detail: string]: unknown };
}

/** Params of `fs:copy` and `fs:move`. */
export interface FsTransferParams {
  /** What to copy or move, in this order. At most 10000. */
  items: Array<FsTransfer>;
  /** Replace as a whole what is at a new path already. What was there goes to the trash where there is one. */
  overwrite?: boolean;
  /** Send `$/progress` on the way, in bytes, where content is copied. */
  progress?: boolean;
}

/** One thing to copy or move. A symbolic link is copied or moved itself. */
export interface FsTransfer {
  /** Where it is. */
  from: FilePath;
  /** Where it is to be: its new path, not the folder to put it into. */
  to: FilePath;
}

/** Params of `fs:delete`. */
export interface FsDeleteParams {
  /** Files, folders with all in them, and symbolic links themselves. At most 10000. */
  paths: Array<FilePath>;
  /** Delete for good; by default they go to the trash. */
  isPermanent?: boolean;
  /** Send `$/progress` on the way, in things, where they are deleted for good. */
  progress?: boolean;
}

/** Params of `fs:restore`. */
export interface FsRestoreParams {
  /** What `fs:delete` and others have returned. At most 10000. */
  trashIds: Array<FilePath>;
}

/** Params of `fs:list_operations`. */
export interface FsListOperationsParams {
  /** At most so many; by default, and at most, the 100 that are kept. */
  limit?: number | null;
}

/** Result of `fs:list_operations`. */
export interface FsListOperationsResult {
  /** The operations, the newest first. A confined session sees those that changed nothing outside. */
  operations: Array<FsOperation>;
}

/** An operation that was done. */
export interface FsOperation {
  /** Names it. */
  operationId: string;
  /** What it did. */
  kind: FsOperationKind;
  /** What it changed, by where things really are: the first 100. */
  items: Array<FsOperationItem>;
  /** How many things it changed. */
  itemCount: number;
  /** The session that asked for it. */
  session: string;
  /** The process behind that, where the system tells. */
  pid?: number | null;
  /** When it was done, in milliseconds since 1970. */
  doneAtMs: number;
  /** Whether `fs:undo` may take it back; false when it was taken back, deleted something for good, or replaced more than 2 MiB of text. */
  canUndo: boolean;
  /** When it was taken back, in milliseconds since 1970. */
  undoneAtMs?: number | null;
}

/** What an operation did. */
export type FsOperationKind = "create_directory" | "create_symlink" | "set_mode" | "copy" | "move" | "trash" | "delete" | "restore" | "replace";

/** One thing that an operation changed. */
export interface FsOperationItem {
  /** Where it is after the operation; where it was when it was deleted. */
  path: FilePath;
  /** Where it was before, when it was moved. */
  from?: FilePath | null;
}

/** Params of `fs:undo`. */
export interface FsUndoParams {
  /** The operation; by default this session's last one that is not undone. */
  operationId?: string | null;
}

/** Result of `fs:undo`. */
export interface FsUndoResult {
  /** What was taken back. */
  operation: FsOperation;
}

/** Payload of `fs:operation_done` and `fs:operation_undone`. */
export interface FsOperationDone {
  /** The operation. */
  operation: FsOperation;
  /** The session that did it, or took it back. */
  by: string;
}

/** Payload of `file:changed_on_disk`. */
export interface FileChangedOnDisk {
  /** The file or folder, by its path without symbolic links. */
  path: FilePath;
  /** How it changed. */
  kind: FileChange;
  /** Where it was before it was renamed. */
  from?: FilePath | null;
  /** What is there; absent when it has gone. */
  entry?: FsKind | null;
  /** The version of the content, where it is known without reading the file: when the change was made through the daemon. */
  version?: string | null;
  /** Who made the change, when it was made through the daemon. */
  origin?: FileOrigin | null;
}

/** How a file changed. */
export type FileChange = "created" | "modified" | "deleted" | "renamed" | "unknown";

/** Who made a change. */
export interface FileOrigin {
  /** The session. */
  sessionId: string;
}

/** Payload of `fs:watch_limited`. */
export interface FsWatchLimited {
  /** The folder. */
  path: FilePath;
  /** Why, and what can be done about it, as a sentence fragment. */
  reason: string;
}

/** Params of `terminal:create`. */
export interface TerminalCreateParams {
  /** The program and its arguments; by default the user's shell. */
  command?: Array<string>;
  /** The shell to run instead of the user's, when there is no `command`. */
  shell?: string | null;
  /** Run the shell as it is: it does not tell then where its prompts and commands are. Of bash, zsh and fish. */
  isPlain?: boolean;
  /** The workspace that it belongs to: its id, or its folder. */
  workspace?: string | null;
  /** The name of settings, `terminal.profiles.NAME`, that say what is not said here: `command` or `shell`, and `cwd`. Their variables are set beside and over those that the program has anyway. */
  profile?: string | null;
  /** The folder in which it starts, from the root; by default that of the workspace, or the user's home. */
  cwd?: FilePath | null;
  /** The whole environment of the program, beside what describes the terminal; by default the daemon's own variables that describe the user. */
  env?: Record<string, string> | null;
  /** The terminal's size; by default 80 by 24. */
  size?: TerminalSize | null;
  /** Whose size it has, once it is shown; by default that of the viewer who was active last. */
  sizePolicy?: TerminalSizePolicy | null;
  /** What to call it; by default as the program. */
  name?: string | null;
}

/** The size of a terminal in characters. */
export interface TerminalSize {
  /** Characters in a row, at least 1. */
  columns: number;
  /** Rows, at least 1. */
  rows: number;
}

/** Whose size a terminal has that is shown to several. */
export type TerminalSizePolicy = "latest" | "smallest" | "fixed";

/** One terminal. */
export interface TerminalInfo {
  /** Names the terminal. */
  terminalId: string;
  /** What people call it: by default the program's name. */
  name: string;
  /** The program and its arguments. */
  command: Array<string>;
  /** The folder in which it was started. */
  cwd: FilePath;
  /** The workspace that it belongs to, also when that was closed or deleted meanwhile. */
  workspaceId?: string | null;
  /** The profile that it was made with. */
  profile?: string | null;
  /** Its process. */
  pid: number;
  /** The terminal's size. */
  size: TerminalSize;
  /** Whose size it has. */
  sizePolicy?: TerminalSizePolicy;
  /** When it was made, in milliseconds since 1970. */
  createdAtMs: number;
  /** How its program ended, once it has. */
  exit?: TerminalExit | null;
  /** What goes through it and what it takes: by `terminal:get` alone. */
  statistics?: TerminalStatistics | null;
}

/** How a program ended: by itself with a code, or by a signal. */
export interface TerminalExit {
  /** The exit status. */
  code?: number | null;
  /** The signal that ended it. */
  signal?: number | null;
}

/** What goes through a terminal, since the daemon or its program was replaced, and what it takes. */
export interface TerminalStatistics {
  /** Bytes printed since the terminal was made. */
  bytesOut: number;
  /** Bytes typed. */
  bytesIn: number;
  /** Bytes printed in a second, as far as measured last. */
  bytesOutPerSecond: number;
  /** Bytes that the screen and what was scrolled out of it take. */
  screenBytes: number;
  /** Those of them that hold what was scrolled out. All terminals together have `limits.scrollback_bytes_max`. */
  scrollbackBytes?: number;
  /** How often it is shown now. */
  viewers: number;
  /** How often a viewer was too slow and was given the screen as it was then. */
  slowScreens: number;
}

/** Params of `terminal:list`. */
export interface TerminalListParams {
  /** Only those that belong to this workspace: its id, or its folder. */
  workspace?: string | null;
}

/** Result of `terminal:list`. */
export interface TerminalListResult {
  /** The terminals, the oldest first. */
  terminals: Array<TerminalInfo>;
}

/** Params of `terminal:get`. */
export interface TerminalParams {
  /** The terminal. */
  terminalId: string;
}

/** Params of `terminal:rename`. */
export interface TerminalRenameParams {
  /** The terminal. */
  terminalId: string;
  /** What to call it. */
  name: string;
}

/** Params of `terminal:attach`. */
export interface TerminalAttachParams {
  /** The terminal. */
  terminalId: string;
  /** Go on after this byte of the terminal's output, as far as that is kept; by default the screen comes first. */
  after?: number | null;
  /** How many lines that have scrolled out of the screen come with it, the last ones; by default all that are kept. A viewer that shows them when they are asked for has its screen sooner without. */
  historyLines?: number | null;
  /** The viewer's size, which the terminal takes as its policy says; by default the viewer has none. */
  size?: TerminalSize | null;
  /** Send what is printed as binary frames, where the connection has them (`binaryFrames` among the capabilities of `session:initialize`): each is the notification `terminal:data_out` without `data`, a newline, and the bytes. */
  isBinary?: boolean;
  /** The viewer types nothing and changes no size. */
  isReadOnly?: boolean;
}

/** Result of `terminal:attach`. */
export interface TerminalAttachResult {
  /** Names the viewer. */
  viewerId: string;
  /** The terminal as it is now. */
  terminal: TerminalInfo;
  /** Where what is shown begins, in bytes of the terminal's output. */
  from: number;
  /** Bytes that are sent before any are acknowledged. */
  windowBytes: number;
}

/** Params of `terminal:detach`. */
export interface TerminalDetachParams {
  /** The terminal. */
  terminalId: string;
  /** The viewer. */
  viewerId: string;
}

/** Params of `terminal:ack`. */
export interface TerminalAckParams {
  /** The terminal. */
  terminalId: string;
  /** The viewer. */
  viewerId: string;
  /** The output up to this byte was shown: the `to` of the last `terminal:data_out`. */
  to: number;
}

/** Params of `terminal:data_in`. */
export interface TerminalDataInParams {
  /** The terminal. */
  terminalId: string;
  /** What is typed. */
  data: string;
  /** How `data` is sent. */
  encoding?: TerminalEncoding;
  /** The viewer that types. What it sends of a bracketed paste stays together, and where the size follows the one who is active, it is the one. */
  viewerId?: string | null;
}

/** How bytes of a terminal are sent. */
export type TerminalEncoding = "utf-8" | "base64";

/** Params of `terminal:read`. */
export interface TerminalReadParams {
  /** The terminal. */
  terminalId: string;
  /** Bytes of the terminal's output that the caller has seen; by default none. */
  after?: number;
  /** Wait so long for something to be there, in milliseconds; by default not at all. */
  waitMs?: number;
}

/** Result of `terminal:read`. */
export interface TerminalReadResult {
  /** What was printed; bytes that are no UTF-8 are replaced. */
  data: string;
  /** Where it begins, in bytes of the terminal's output: behind `after` when what was between is no longer kept. */
  from: number;
  /** Where it ends: the next `after`. */
  to: number;
  /** How the program ended, when all that it printed is read. */
  exit?: TerminalExit | null;
}

/** Params of `terminal:snapshot`. */
export interface TerminalSnapshotParams {
  /** The terminal. */
  terminalId: string;
  /** How the text is written. */
  format?: TerminalFormat;
  /** Which lines. When they are too long for an answer the last ones are given. */
  what?: TerminalPart;
  /** These lines instead; of the alternate screen there are none. When they are too long the first ones are given. */
  lines?: TerminalLines | null;
}

/** How text of a terminal is written. */
export type TerminalFormat = "text" | "ansi" | "html";

/** What of a terminal. */
export type TerminalPart = "screen" | "scrollback" | "both";

/** Lines of a terminal by their numbers, which stay: line 0 is the first that was ever written. */
export interface TerminalLines {
  /** The first. */
  from: number;
  /** The one behind the last. */
  to: number;
}

/** Result of `terminal:snapshot`. */
export interface TerminalSnapshotResult {
  /** The lines, each ended by a line feed. Rows that a long line was broken into are one line again. */
  text: string;
  /** Which they are. Rows of the alternate screen have the numbers that those of the other one would have. */
  lines: TerminalLines;
  /** Whether some that were asked for are left out: there are more of them than fit into an answer. */
  isCut: boolean;
  /** The number of the first line that is kept. */
  firstLine: number;
  /** The number of the first row of the screen. */
  screenLine: number;
  /** The terminal's size. */
  size: TerminalSize;
  /** Where the cursor is on the screen. */
  cursor: TerminalPlace;
  /** Whether the alternate screen is shown, as full-screen programs do. */
  isAlternate: boolean;
  /** The title. */
  title?: string | null;
}

/** Where something is in a terminal. */
export interface TerminalPlace {
  /** The row, from 0. */
  row: number;
  /** The column, from 0. */
  column: number;
}

/** Params of `terminal:search`. */
export interface TerminalSearchParams {
  /** The terminal. */
  terminalId: string;
  /** What to look for. */
  pattern: string;
  /** Whether `pattern` is a regular expression. */
  isRegex?: boolean;
  /** Whether upper and lower case are different. */
  isCaseSensitive?: boolean;
  /** Where; by default in all that is kept. */
  what?: TerminalPart | null;
  /** In these lines instead: to go on behind a search that had too many results. */
  lines?: TerminalLines | null;
  /** So many results at most; by default and at most 1000. */
  resultsMax?: number | null;
}

/** Result of `terminal:search`. */
export interface TerminalSearchResult {
  /** What was found, the oldest first. */
  found: Array<TerminalFound>;
  /** Whether there may be more. */
  isCut: boolean;
}

/** Something that was found. */
export interface TerminalFound {
  /** The number of the line in which it begins. */
  line: number;
  /** The column in which it begins, from 0. */
  column: number;
  /** What was found; of something very long the beginning. */
  text: string;
  /** The row in which it begins, without blanks at its end. */
  row: string;
}

/** Params of `terminal:run`. */
export interface TerminalRunParams {
  /** The terminal. */
  terminalId: string;
  /** What to run, as it would be typed: one line or several. */
  commandLine: string;
  /** Wait so long for its end, in milliseconds; by default for ever. It goes on then. */
  timeoutMs?: number | null;
  /** Whether the output is wanted as the terminal gets it: with control sequences, and a carriage return before each line feed. */
  isRaw?: boolean;
}

/** A command, and what became of it. */
export interface TerminalCommand {
  /** The command, where the shell tells it. */
  commandLine?: string | null;
  /** What it has written: its standard output and errors, without control sequences and what it showed on the alternate screen. */
  output: string;
  /** Whether the beginning of that is no longer kept. */
  isCut: boolean;
  /** Its exit status, once it has ended and where the shell tells it. */
  exitCode?: number | null;
  /** Whether it still runs. */
  isRunning: boolean;
  /** How the shell itself ended, when it has ended with this command. */
  exit?: TerminalExit | null;
  /** How long it took, in milliseconds, once it has ended and where that is known. */
  durationMs?: number | null;
}

/** Params of `terminal:last_command`. */
export interface TerminalLastCommandParams {
  /** The terminal. */
  terminalId: string;
  /** Whether the output is wanted as the terminal gets it. */
  isRaw?: boolean;
}

/** Params of `terminal:resize`. */
export interface TerminalResizeParams {
  /** The terminal. */
  terminalId: string;
  /** Its new size, or that of the viewer. */
  size: TerminalSize;
  /** The viewer whose size has changed; the terminal takes it as its policy says. */
  viewerId?: string | null;
}

/** Params of `terminal:signal`. */
export interface TerminalSignalParams {
  /** The terminal. */
  terminalId: string;
  /** The signal's name, such as `INT`, `TERM` or `KILL`. */
  signal: string;
}

/** Params of `terminal:wait`. */
export interface TerminalWaitParams {
  /** The terminal. */
  terminalId: string;
  /** Wait so long at most, in milliseconds; by default for ever. */
  timeoutMs?: number | null;
}

/** Result of `terminal:wait`. */
export interface TerminalWaitResult {
  /** How the program ended, if it has. */
  exit?: TerminalExit | null;
}

/** Params of `terminal:close`. */
export interface TerminalCloseParams {
  /** The terminal. */
  terminalId: string;
}

/** Payload of `terminal:data_out`. */
export interface TerminalDataOut {
  /** The terminal. */
  terminalId: string;
  /** The viewer that it is for. */
  viewerId: string;
  /** Where `data` begins, in bytes of the terminal's output. Behind the last `to` when the viewer was too slow for what is kept. */
  from: number;
  /** Where it ends. */
  to: number;
  /** Whether `data` is no output, but brings a terminal of the same size to the state that this one is in, whatever it showed before: its lines, screens, cursor, colours, modes and title. So is a viewer begun, and one that was too slow. */
  isScreen?: boolean;
  /** What was printed; absent where it follows as bytes. */
  data?: string | null;
  /** How `data` is sent. */
  encoding?: TerminalEncoding;
}

/** Payload of `terminal:detached`. */
export interface TerminalDetached {
  /** The terminal. */
  terminalId: string;
  /** The viewer. */
  viewerId: string;
  /** How the program ended, where that is why. */
  exit?: TerminalExit | null;
}

/** Payload of `terminal:title_changed`. */
export interface TerminalTitleChanged {
  /** The terminal. */
  terminalId: string;
  /** Its title; empty when it has none any more. */
  title: string;
}

/** Payload of `terminal:cwd_changed`. */
export interface TerminalCwdChanged {
  /** The terminal. */
  terminalId: string;
  /** The folder as the program tells it: a path, or a `file:` address. */
  cwd: string;
}

/** Payload of `terminal:resized`. */
export interface TerminalResized {
  /** The terminal. */
  terminalId: string;
  /** Its size now. */
  size: TerminalSize;
}

/** Payload of `terminal:bell`. */
export interface TerminalBell {
  /** The terminal. */
  terminalId: string;
}

/** Payload of `terminal:command_started`. */
export interface TerminalCommandStarted {
  /** The terminal. */
  terminalId: string;
  /** The command as it was typed, where the shell tells it. */
  commandLine?: string | null;
}

/** Payload of `terminal:command_finished`. */
export interface TerminalCommandFinished {
  /** The terminal. */
  terminalId: string;
  /** The command as it was typed, where the shell tells it. */
  commandLine?: string | null;
  /** Its exit status, where the shell tells it. */
  exitCode?: number | null;
  /** How long it took, in milliseconds, where that is known. */
  durationMs?: number | null;
}

/** Payload of `terminal:exited`. */
export interface TerminalExited {
  /** The terminal. */
  terminalId: string;
  /** How its program ended. */
  exit: TerminalExit;
}

/** Payload of `terminal:closed`. */
export interface TerminalClosed {
  /** The terminal. */
  terminalId: string;
}

/** Result of `auth:whoami`. */
export interface AuthWhoamiResult {
  /** The user; `owner` is the daemon's own. */
  user: string;
  /** What has shown that. */
  credential: AuthCredential;
  /** Names the token or the login. */
  credentialId?: string | null;
  /** What the caller may do. */
  scopes: Array<AuthScope>;
  /** The workspaces that it is limited to. */
  workspaces?: Array<string> | null;
  /** Of a login: what a request that changes something carries in `X-Icpy-Csrf`. */
  csrfToken?: string | null;
  /** When the credential ends, in milliseconds since 1970. */
  expiresAtMs?: number | null;
}

/** What shows who somebody is. */
export type AuthCredential = "socket" | "token" | "login";

/** One thing that a token, or a role, lets somebody do. */
export type AuthScope = "read" | "write" | "execute" | "terminal" | "agent" | "admin";

/** Params of `auth:create_token`. */
export interface AuthCreateTokenParams {
  /** What people call it. */
  name: string;
  /** What it lets its holder do. */
  scopes: Array<AuthScope>;
  /** How long it lasts, in seconds; by default until it is revoked. */
  lastsS?: number | null;
  /** Whose it is: by default `owner`. A user's token can do no more than the user. */
  user?: string | null;
  /** Limits it to the folders of this workspace. Nothing but files and that workspace can be used with it then. */
  workspaceId?: string | null;
  /** Limits it to paths that one of these globs matches, below the workspace's folders. */
  paths?: Array<string>;
}

/** A token that was just made, or made anew. */
export interface AuthNewToken {
  /** The token itself: `icpy_` and 64 hexadecimal digits. It is not kept, and cannot be shown again. */
  secret: string;
  /** Names the token. */
  tokenId: string;
  /** What people call it. */
  name: string;
  /** Whose it is. */
  user: string;
  /** What it lets its holder do. */
  scopes: Array<AuthScope>;
  /** The workspace that it is limited to. */
  workspaceId?: string | null;
  /** The globs that it is limited to. */
  paths?: Array<string>;
  /** When it was made, in milliseconds since 1970. */
  createdAtMs: number;
  /** When it ends, in milliseconds since 1970. */
  expiresAtMs?: number | null;
}

/** Result of `auth:list_tokens`. */
export interface AuthListTokensResult {
  /** The tokens, the oldest first. One that has ended is not among them. */
  tokens: Array<AuthToken>;
}

/** A token as it is kept: without its secret. */
export interface AuthToken {
  /** Names the token. */
  tokenId: string;
  /** What people call it. */
  name: string;
  /** Whose it is. */
  user: string;
  /** What it lets its holder do. */
  scopes: Array<AuthScope>;
  /** The workspace that it is limited to. */
  workspaceId?: string | null;
  /** The globs that it is limited to. */
  paths?: Array<string>;
  /** When it was made, in milliseconds since 1970. */
  createdAtMs: number;
  /** When it ends, in milliseconds since 1970. */
  expiresAtMs?: number | null;
}

/** Names a token. */
export interface AuthTokenParams {
  /** The token's id. */
  tokenId: string;
}

/** Params of `auth:create_login_link`. */
export interface AuthCreateLoginLinkParams {
  /** Who is logged in: by default `owner`. */
  user?: string | null;
}

/** Result of `auth:create_login_link`. */
export interface AuthLoginLink {
  /** The link, to be opened once. Whoever has it can log in. */
  url: string;
  /** When it ends, in milliseconds since 1970. */
  expiresAtMs: number;
}

/** Result of `auth:create_ticket`. */
export interface AuthTicket {
  /** The ticket. */
  ticket: string;
  /** When it ends, in milliseconds since 1970. */
  expiresAtMs: number;
}

/** Result of `auth:list_logins`. */
export interface AuthListLoginsResult {
  /** The logins, the oldest first. */
  logins: Array<AuthLogin>;
}

/** A browser that is logged in. */
export interface AuthLogin {
  /** Names the login. */
  loginId: string;
  /** Whose it is. */
  user: string;
  /** When it was made, in milliseconds since 1970. */
  createdAtMs: number;
  /** When it ends, in milliseconds since 1970. */
  expiresAtMs: number;
}

/** Params of `auth:logout`. */
export interface AuthLogoutParams {
  /** The login to end; by default the caller's own. Another one needs the scope `admin`. */
  loginId?: string | null;
}

/** Params of `auth:set_password`. */
export interface AuthSetPasswordParams {
  /** Whose: by default `owner`. */
  user?: string | null;
  /** The password, of 8 to 1024 bytes; by default none, so that nobody can log in with one. */
  password?: string | null;
}

/** Names a user. */
export interface AuthUserParams {
  /** The name: 1 to 64 letters, digits, `.`, `_` and `-`. */
  user: string;
}

/** A user beside the daemon's own. */
export interface AuthUser {
  /** The name. */
  user: string;
  /** When it was added, in milliseconds since 1970. */
  createdAtMs: number;
  /** Whether it has a password. */
  hasPassword: boolean;
  /** Its roles. */
  roles: Array<AuthMembership>;
}

/** A role on a workspace. */
export interface AuthMembership {
  /** The workspace. */
  workspaceId: string;
  /** The role. */
  role: AuthRole;
}

/** What a user may do in a workspace. */
export type AuthRole = "viewer" | "editor" | "owner";

/** Result of `auth:list_users`. */
export interface AuthListUsersResult {
  /** The users, by name. The daemon's own user is not among them. */
  users: Array<AuthUser>;
}

/** Params of `auth:set_role`. */
export interface AuthSetRoleParams {
  /** The user. */
  user: string;
  /** The workspace. */
  workspaceId: string;
  /** The role; by default none any more. */
  role?: AuthRole | null;
}

/** Params of `web:start`. */
export interface WebStartParams {
  /** Where to listen, as `127.0.0.1:7070`; port 0 is any that is free. By default as the settings say, or there. */
  address?: string | null;
}

/** Result of `web:start` and `web:status`. */
export interface WebStatusResult {
  /** Where it listens, if it does. */
  address?: string | null;
  /** The beginning of every address there, as `http://127.0.0.1:7070`. */
  url?: string | null;
  /** Of a certificate that the daemon has made for itself: its SHA-256 fingerprint, to compare with what a browser shows. */
  fingerprint?: string | null;
  /** Connections now. */
  connections: number;
}

/** What `params` of every event hold beside the payload. */
export interface EventMeta {
  /** The event's entry in the event log, of what is declared durable and was logged. One that comes from the log, because `replay` asks for it, has the place of the event before it: its `seq` is its `prev`. */
  log?: EventEntry | null;
  /** The subscription that it is delivered for. */
  subscription: number;
  /** The `seq` of the event before it on this subscription: another value than the last one seen means that some are missing. */
  prev: number;
  /** The history it belongs to. */
  epoch: string;
  /** Its number in that history. Numbers rise and have gaps: events that did not match are not sent. */
  seq: number;
}

/** An event's entry in the event log. */
export interface EventEntry {
  /** Its place in the log, rising over the daemon's restarts. */
  id: number;
  /** When it happened, in milliseconds since 1970. */
  timeMs: number;
  /** Who caused it, where that is known. */
  by?: EventActor | null;
}

/** Params of `$/cancelRequest`, a notification of the client: the request is answered with `cancelled`. */
export interface CancelParams {
  /** The id of the request, as it was sent. */
  id: unknown;
}

/** Params of `$/ack`, a notification of the client: it has taken so many bytes of a stream and is ready for more. */
export interface AckParams {
  /** The id of the request that streams. */
  id: unknown;
  /** How many bytes of `data`, as sent, were taken since the last `$/ack`. */
  bytes: number;
}

/** Params of `$/stream`, a notification of the daemon: a piece of a long result, before the answer. */
export interface StreamParams {
  /** The id of the request that streams. */
  id: unknown;
  /** The number of the piece, from 0. */
  seq: number;
  /** The piece. */
  data: string;
}

/** Params of `$/progress`, a notification of the daemon: how far a request is. */
export interface ProgressParams {
  /** The id of the request. */
  id: unknown;
  /** How much is done. */
  done: number;
  /** How much there is in all, if that is known. */
  total?: number | null;
  /** What `done` and `total` count. */
  unit: string;
}

/** Params and result of every method. */
export interface Methods {
  /** Says who the client is and which protocol versions it speaks. Optional: a one-shot client may call any method at once. Needed for `session:resume` later on. */
  "session:initialize": { params: SessionInitializeParams; result: SessionInitializeResult };
  /** Subscribes to events: from now on, or from a position that is still kept. With `replay` also from where it is not: then the event log has the events that are declared durable. */
  "session:subscribe": { params: SessionSubscribeParams; result: SessionSubscribeResult };
  /** Ends one subscription. */
  "session:unsubscribe": { params: SessionUnsubscribeParams; result: Empty };
  /** Takes up a session whose connection was lost, with its subscriptions. Every event that was missed follows once; or the answer is `gone` and holds the state as it is now. */
  "session:resume": { params: SessionResumeParams; result: SessionResumeResult };
  /** Lists the connected sessions. */
  "session:list": { params: Empty; result: SessionListResult };
  /** Answers at once with the daemon's position in the history of events. */
  "session:ping": { params: Empty; result: Position };
  /** Returns the OpenRPC 1.3 document of this daemon: every method with the schemas of its params and result. */
  "rpc:discover": { params: Empty; result: Record<string, unknown> };
  /** Returns what the daemon is and how it does. */
  "daemon:status": { params: Empty; result: DaemonStatusResult };
  /** Returns what the daemon has counted: requests by method, sessions, events, terminals, memory. */
  "daemon:metrics": { params: Empty; result: DaemonMetricsResult };
  /** Ends the daemon in good order: requests under way are finished, state is stored, then every connection is closed. Where something would be lost the error `conflict` lists it as `losses`, unless that is meant. */
  "daemon:stop": { params: DaemonStopParams; result: Empty };
  /** Replaces the daemon's program in place: terminals and unsaved text stay, connections close and can be resumed at once. The program is asked first whether it can go on; when it cannot, the error says why and nothing happens. */
  "daemon:restart": { params: DaemonRestartParams; result: DaemonRestartResult };
  /** Returns every setting that is in force, and where it comes from. */
  "daemon:get_config": { params: Empty; result: DaemonGetConfigResult };
  /** Reads the settings again. When one of them is wrong the error names it, and nothing changes. */
  "daemon:reload": { params: Empty; result: DaemonReloadResult };
  /** Logs more or less from now on, until the settings are read again. */
  "daemon:set_log_level": { params: DaemonSetLogLevelParams; result: Empty };
  /** Lists logged events, oldest first, as far as the caller could have heard of them. A subscription with `replay` tells them too, and goes on with what happens. */
  "event:list": { params: EventListParams; result: EventListResult };
  /** Lists the workspaces that are open, or were, the one used last first. */
  "workspace:list": { params: WorkspaceListParams; result: WorkspaceListResult };
  /** Makes a workspace over a folder. Its state is stored before the answer. */
  "workspace:create": { params: WorkspaceCreateParams; result: WorkspaceInfo };
  /** Returns the whole state of a workspace: of the active one unless another is named. */
  "workspace:get_state": { params: WorkspaceGetStateParams; result: WorkspaceGetStateResult };
  /** Makes a workspace the active one. One that was closed is open again. */
  "workspace:activate": { params: WorkspaceActivateParams; result: WorkspaceInfo };
  /** Gives a workspace another name. */
  "workspace:rename": { params: WorkspaceRenameParams; result: WorkspaceInfo };
  /** Adds a folder to a workspace: files in it open there. */
  "workspace:add_folder": { params: WorkspaceFolderParams; result: WorkspaceInfo };
  /** Takes a folder that was added out of a workspace again. Files in it that are open stay open. */
  "workspace:remove_folder": { params: WorkspaceFolderParams; result: WorkspaceInfo };
  /** Closes a workspace with its open files. It is remembered with all else that is in it, and is open again when it is activated, when its folder is loaded as a project, or when a file is opened in it by its id. Its terminals go on: they end by `terminal:close`, and belong to it still. Where files have text that is not saved this is a `conflict` that names them in `unsaved`. */
  "workspace:close": { params: WorkspaceCloseParams; result: WorkspaceInfo };
  /** Forgets a workspace with all that is kept of it: records, checkpoints, preferences, roles, and tokens that are limited to it. On disk nothing is touched, and its terminals go on. Refused where `workspace:close` would be. */
  "workspace:delete": { params: WorkspaceDeleteParams; result: WorkspaceInfo };
  /** Returns a workspace as a document, from which it can be made again: here, or by another daemon. Text that is not saved, checkpoints, roles and terminals are not in it. */
  "workspace:export": { params: WorkspaceExportParams; result: WorkspaceDocument };
  /** Makes a workspace of a document, all of it or nothing. Files and folders that are not there any more are left out and told; without the workspace's own folder nothing is made. */
  "workspace:import": { params: WorkspaceImportParams; result: WorkspaceImportResult };
  /** Makes the folder's workspace the active one, and makes that workspace when there is none. */
  "project:load": { params: ProjectLoadParams; result: ProjectLoadResult };
  /** Returns records of a workspace, as they are at one place in the history of events: who subscribes to `state:updated` from there on misses nothing. What other methods change is among them: what is open below `open_file/`, folders that were added below `folder/`, the 200 files used last below `recent_file/`, and what is preferred in the workspace below `pref/`. */
  "state:get": { params: StateGetParams; result: StateGetResult };
  /** Changes records, all of them or none. A record that is not of the revision that is expected is a `conflict` with its present `key`, `rev` and `value`. Stored before the answer; what comes again under the same `mutationId` is done once. */
  "state:mutate": { params: StateMutateParams; result: StateMutateResult };
  /** Remembers the records as they are now, but for those that other methods change. */
  "state:create_checkpoint": { params: StateCheckpointParams; result: StateCheckpoint };
  /** Lists what was remembered, the oldest first. */
  "state:list_checkpoints": { params: StateOfParams; result: StateListCheckpointsResult };
  /** Makes the records what they were, but for those that other methods change. */
  "state:rollback": { params: StateRollbackParams; result: StateMutateResult };
  /** Returns the preferences that hold, each with the layer that it is from. */
  "preferences:get": { params: PreferencesGetParams; result: PreferencesGetResult };
  /** Returns what preferences there are, with their defaults and what they can be. */
  "preferences:schema": { params: Empty; result: PreferencesSchemaResult };
  /** Sets a preference in one layer, or takes it out of there. Stored before the answer. What it cannot be is refused with its `key`, the `given` value and a JSON Schema of what is `allowed`; one that is not of the revision that is expected is a `conflict` with its present `rev` and `value`. */
  "preferences:set": { params: PreferencesSetParams; result: PreferencesSetResult };
  /** Lists who is there: in all workspaces unless one is named. */
  "presence:list": { params: PresenceListParams; result: PresenceListResult };
  /** Says what the caller looks at from now on, instead of what it said before. It ends with the session; one whose connection is lost for less than a second is there all the time. */
  "presence:update": { params: PresenceUpdateParams; result: PresenceInfo };
  /** Is there no more. */
  "presence:leave": { params: Empty; result: Empty };
  /** Opens a file in every attached editor: in the workspace whose root holds it, else in the active one, else in a new one over the enclosing repository or folder. A file that is open already is shown again. */
  "file:open": { params: FileOpenParams; result: FileOpenResult };
  /** Opens a text that has no file yet, in every attached editor. Its path is a name: `file:save_as` gives it a real one. */
  "file:create_untitled": { params: FileCreateUntitledParams; result: OpenFile };
  /** Closes an open file in every attached editor. What was not saved is there when it is opened again, unless it is thrown away; a text that has no file yet is not closed without that. */
  "file:close": { params: FileCloseParams; result: FileCloseResult };
  /** Lists the open files: of all workspaces unless one is named. */
  "file:list": { params: FileListParams; result: FileListResult };
  /** Returns the text of an open file, which all who edit it share. */
  "file:get_text": { params: FileGetTextParams; result: FileText };
  /** Edits that text: what others have edited since the revision that the edit was made for stays. Answered at once; `file:durable` tells when the edit survives a crash. An edit for a revision that is not known any more is a `conflict` with the present `epoch`, `rev` and `text`. */
  "file:edit": { params: FileEditParams; result: FileEditResult };
  /** Takes back the last edits of the caller that belong together, and nothing of others. */
  "file:undo": { params: FileUndoParams; result: FileUndoResult };
  /** Makes again what was taken back last. */
  "file:redo": { params: FileUndoParams; result: FileUndoResult };
  /** Writes the text to the file, in the charset and with the line ends that it has. What others have written to it meanwhile is merged first; while there are conflicts nothing is written. */
  "file:save": { params: FileSaveParams; result: FileSaved };
  /** Writes the text to another file, which is the open one from then on, with its history. The one before stays as it is on disk. */
  "file:save_as": { params: FileSaveAsParams; result: FileSavedAs };
  /** Makes the text what is on disk. That is an edit, which can be undone. */
  "file:revert": { params: FileSaveParams; result: FileEditResult };
  /** Settles what was changed in the text and on disk, each in its own way. */
  "file:resolve": { params: FileResolveParams; result: FileText };
  /** Tells what was changed in a text, by whom and when, and when it was saved. What led to the last 10,000 revisions is kept; of files that are closed and saved, for 30 days. */
  "file:history": { params: FileHistoryParams; result: FileHistoryResult };
  /** Compares two revisions of a text, or what was changed with what is on disk. */
  "file:diff": { params: FileDiffParams; result: FileDiffResult };
  /** Makes the text what it was in an older revision. That is an edit, which can be undone. */
  "file:restore": { params: FileRestoreParams; result: FileEditResult };
  /** Begins to edit: returns all that the client lacks, asks for what is not known here, and says who else is there. A document of another `epoch` is a `conflict` with the present `epoch`, `revision` and `text`. */
  "yjs:open": { params: YjsOpenParams; result: YjsOpenResult };
  /** Takes messages of the client. An edit is durable when `file:durable` says so of the revision. */
  "yjs:send": { params: YjsSendParams; result: YjsSendResult };
  /** Ends what the caller's session has told of its Yjs clients. The end of the session does too. */
  "yjs:leave": { params: YjsLeaveParams; result: YjsLeaveResult };
  /** Returns the content of one file: at most 8 MiB in the answer, a file of any size as a stream. */
  "fs:read_file": { params: FsReadFileParams; result: FsReadFileResult };
  /** Replaces the content of one file as a whole, or makes it: at every moment the file is the old or the new one. Refused when the file is no longer of the version that the caller names. Durable when answered. A file that would lose something by being replaced is written in place, and the answer's `method` says so. Capabilities of programs (`setcap`) are lost in either way, as at any write. */
  "fs:write_file": { params: FsWriteFileParams; result: FsWriteFileResult };
  /** Replaces the content of several files, or makes them: all or none, also when the daemon is killed meanwhile. A file that is mounted over its name cannot be among them. */
  "fs:write_files": { params: FsWriteFilesParams; result: FsWriteFilesResult };
  /** Begins to save a file whose content comes in parts, for content that no line can hold. What is sent is kept apart until the write is committed; it goes with the session or the daemon, or when no further part comes for `limits.upload_timeout`. */
  "fs:begin_write": { params: FsBeginWriteParams; result: FsBeginWriteResult };
  /** Sends the next part of a write. Parts that are sent without waiting for answers are taken in their order. */
  "fs:write_part": { params: FsWritePartParams; result: FsWritePartResult };
  /** Replaces the file with what was sent, or makes it, exactly as `fs:write_file` does. Whatever comes of it, the write is over. A file that must be written in place can get 256 MiB at most. */
  "fs:commit_write": { params: FsEndWriteParams; result: FsWriteFileResult };
  /** Takes away what was sent. */
  "fs:abort_write": { params: FsEndWriteParams; result: Empty };
  /** Lists a folder, sorted, page by page. */
  "fs:list_directory": { params: FsListDirectoryParams; result: FsListDirectoryResult };
  /** Finds files below a folder by their names, as a picker does: the best first. What git ignores is left out. */
  "fs:find": { params: FsFindParams; result: FsFindResult };
  /** Finds lines below a folder, or in a file, by a regular expression, in the syntax of the Rust crate `regex`. What git ignores, what is hidden, and what is not text is left out. In workspaces, and where somebody watches, an index says which files need not be read; it takes 256 MiB for each folder at most, and what it has no room for is always read. */
  "fs:grep": { params: FsGrepParams; result: FsGrepResult };
  /** Tells of changes at a path from now on, as `file:changed_on_disk`, until `fs:unwatch` or the session's end. What git ignores is left out, unless it is the path itself. Over HTTP that needs a WebSocket. */
  "fs:watch": { params: FsWatchParams; result: FsWatchResult };
  /** Ends a watch. */
  "fs:unwatch": { params: FsUnwatchParams; result: Empty };
  /** Returns when everything that happened on disk before now is told, and can be found. */
  "fs:sync": { params: FsSyncParams; result: Empty };
  /** Confines this session to some folders, for as long as it lasts: what is outside is not there for it, whatever links lead there. It may use files then and nothing else, and hears of changes inside alone. */
  "fs:confine": { params: FsConfineParams; result: Empty };
  /** Shows how files would change if what is found in them were replaced. Nothing is changed. */
  "fs:preview_replace": { params: FsPreviewReplaceParams; result: FsPreviewReplaceResult };
  /** Replaces what is found in files that a preview has shown: in all of them or in none, also when the daemon is killed meanwhile. Refused when one of them is no longer of the version that the preview was of. */
  "fs:replace": { params: FsReplaceParams; result: FsReplaceResult };
  /** Returns what a path names. */
  "fs:stat": { params: FsStatParams; result: FsStatResult };
  /** Makes a folder, and those above it that are missing. One that is there already is as well. */
  "fs:create_directory": { params: FsCreateDirectoryParams; result: FsCreateDirectoryResult };
  /** Makes a symbolic link, where nothing is yet. */
  "fs:create_symlink": { params: FsCreateSymlinkParams; result: FsCreateSymlinkResult };
  /** Sets the permissions of files and folders. */
  "fs:set_mode": { params: FsSetModeParams; result: FsBatchResult };
  /** Copies files and folders with their modes, times and extended attributes. A copy appears as a whole or not at all. FIFOs, sockets and devices are refused with what they are in. */
  "fs:copy": { params: FsTransferParams; result: FsBatchResult };
  /** Moves or renames files and folders, also to another disk: there they are copied, flushed and then deleted. */
  "fs:move": { params: FsTransferParams; result: FsBatchResult };
  /** Moves files and folders to the trash, or deletes them for good. Where there is no trash that is `unsupported`. */
  "fs:delete": { params: FsDeleteParams; result: FsBatchResult };
  /** Brings things back from the trash to where they were. What is there by now is not replaced. */
  "fs:restore": { params: FsRestoreParams; result: FsBatchResult };
  /** Lists the last operations: what was made, copied, moved, deleted and restored, permissions that were set, and what `fs:replace` did. They survive the daemon. */
  "fs:list_operations": { params: FsListOperationsParams; result: FsListOperationsResult };
  /** Takes an operation back. Refused with `conflict`, which names the thing, when something is no longer as the operation left it, so that nothing that was done since is lost. */
  "fs:undo": { params: FsUndoParams; result: FsUndoResult };
  /** Runs a program, by default the user's shell, in a new terminal. */
  "terminal:create": { params: TerminalCreateParams; result: TerminalInfo };
  /** Lists the terminals, all or those of a workspace, the oldest first. */
  "terminal:list": { params: TerminalListParams; result: TerminalListResult };
  /** Describes a terminal. */
  "terminal:get": { params: TerminalParams; result: TerminalInfo };
  /** Gives a terminal another name. */
  "terminal:rename": { params: TerminalRenameParams; result: TerminalInfo };
  /** Shows a terminal to this session from the answer on: what it prints comes as `terminal:data_out`, as fast as the session acknowledges it, and nothing of it waits for a slow one. A lost connection ends it; `after` goes on. */
  "terminal:attach": { params: TerminalAttachParams; result: TerminalAttachResult };
  /** Ends that. */
  "terminal:detach": { params: TerminalDetachParams; result: Empty };
  /** Says how much of a terminal's output was shown, so that more is sent. */
  "terminal:ack": { params: TerminalAckParams; result: Empty };
  /** Types something into a terminal. */
  "terminal:data_in": { params: TerminalDataInParams; result: Empty };
  /** Returns what a terminal has printed after a place, as far as it is kept: at once, or when there is something. */
  "terminal:read": { params: TerminalReadParams; result: TerminalReadResult };
  /** Returns what is in a terminal as text: what it shows, what was scrolled out, or some lines. */
  "terminal:snapshot": { params: TerminalSnapshotParams; result: TerminalSnapshotResult };
  /** Finds text in what a terminal shows and what was scrolled out. */
  "terminal:search": { params: TerminalSearchParams; result: TerminalSearchResult };
  /** Forgets what a terminal has printed, but for its screen, which stays as it is. Who is shown the terminal is given the screen anew. */
  "terminal:clear": { params: TerminalParams; result: Empty };
  /** Runs a command in the shell of a terminal, as if it was typed there, and returns what it has written and its status. The shell is one that the daemon has started with its marks, and waits at an empty prompt: else it is refused. */
  "terminal:run": { params: TerminalRunParams; result: TerminalCommand };
  /** Returns the last command that has ended in the shell of a terminal. */
  "terminal:last_command": { params: TerminalLastCommandParams; result: TerminalCommand };
  /** Changes the size of a terminal; its program is told. */
  "terminal:resize": { params: TerminalResizeParams; result: Empty };
  /** Sends a signal to the program in the foreground of a terminal. */
  "terminal:signal": { params: TerminalSignalParams; result: Empty };
  /** Waits until a terminal's program ends. Without an end in time the answer has none. */
  "terminal:wait": { params: TerminalWaitParams; result: TerminalWaitResult };
  /** Ends what runs in a terminal and forgets the terminal. What has left its session (`setsid`) or, on Windows, its job goes on; so do on macOS jobs in the background that a hangup does not end. */
  "terminal:close": { params: TerminalCloseParams; result: Empty };
  /** Says who asks, and what they may do. */
  "auth:whoami": { params: Empty; result: AuthWhoamiResult };
  /** Makes a token: who sends it in `Authorization: Bearer` may do what it says. It is shown this once. */
  "auth:create_token": { params: AuthCreateTokenParams; result: AuthNewToken };
  /** Lists the tokens, without what is secret, the oldest first. */
  "auth:list_tokens": { params: Empty; result: AuthListTokensResult };
  /** Ends a token, and at once all that goes on with it. */
  "auth:revoke_token": { params: AuthTokenParams; result: Empty };
  /** Gives a token another secret. The old one ends at once, with all that goes on with it. */
  "auth:rotate_token": { params: AuthTokenParams; result: AuthNewToken };
  /** Makes a link that logs one browser in, once, within a minute. */
  "auth:create_login_link": { params: AuthCreateLoginLinkParams; result: AuthLoginLink };
  /** Makes a ticket that opens one WebSocket, once, within 30 seconds, for whoever cannot send a header or a cookie: `GET /ws?ticket=`. What it opens may do what its maker may. */
  "auth:create_ticket": { params: Empty; result: AuthTicket };
  /** Lists the browsers that are logged in. */
  "auth:list_logins": { params: Empty; result: AuthListLoginsResult };
  /** Logs a browser out: by default the one that asks. */
  "auth:logout": { params: AuthLogoutParams; result: Empty };
  /** Sets or removes a user's password, with which a browser can log in. All of the user's browsers are logged out. */
  "auth:set_password": { params: AuthSetPasswordParams; result: Empty };
  /** Adds a user, who may do nothing yet. */
  "auth:create_user": { params: AuthUserParams; result: AuthUser };
  /** Removes a user, with tokens, logins and roles. */
  "auth:remove_user": { params: AuthUserParams; result: Empty };
  /** Lists the users and their roles. */
  "auth:list_users": { params: Empty; result: AuthListUsersResult };
  /** Gives a user a role on a workspace, or takes it away. What goes on for that user ends, and may begin again. Needs the scope `admin`, or the role `owner` on the workspace. */
  "auth:set_role": { params: AuthSetRoleParams; result: AuthUser };
  /** Starts the listener. When it listens already nothing changes. */
  "web:start": { params: WebStartParams; result: WebStatusResult };
  /** Ends the listener and its connections. */
  "web:stop": { params: Empty; result: Empty };
  /** Says whether and where it listens. */
  "web:status": { params: Empty; result: WebStatusResult };
}

/** The payload of every event. */
export interface Events {
  /** Some events of a subscription are lost to this client: it was too slow and they are no longer kept. The subscription goes on behind them; ask for the state. */
  "session:gap": SessionGap;
  /** All events up to `seq` are delivered or did not match: a quiet client can resume from here, and replay the log after `logId`. */
  "session:bookmark": SessionBookmark;
  /** The daemon is about to close this connection. */
  "session:closing": SessionClosing;
  /** A workspace was made, activated, or something in it changed. Carries the workspace as it is now. */
  "workspace:state_changed": WorkspaceStateChanged;
  /** A workspace was closed. */
  "workspace:closed": WorkspaceClosed;
  /** A workspace was forgotten. */
  "workspace:deleted": WorkspaceDeleted;
  /** Records have changed. Carries them as they are now. */
  "state:updated": StateUpdated;
  /** A preference was set in one layer, or taken out of there. */
  "preferences:changed": PreferencesChanged;
  /** Somebody is there now, or looks at something else. */
  "presence:changed": PresenceInfo;
  /** Somebody is not there any more. */
  "presence:left": PresenceLeft;
  /** A file was opened, or is to be shown again: an editor shows it at the place that is named. */
  "file:opened": FileOpened;
  /** An open file has another path: it was renamed, with a folder or alone, or saved as another one. */
  "file:renamed": FileRenamed;
  /** A file was closed. */
  "file:closed": FileClosed;
  /** The text of an open file has a new revision. */
  "file:changed": FileChanged;
  /** What was edited survives a crash up to this revision. */
  "file:durable": FileDurable;
  /** The text of an open file was written to the file. */
  "file:saved": FileSaved;
  /** The text of an open file stands to the file on disk in another way than before. */
  "file:text_state_changed": FileTextStateChanged;
  /** Yjs clients of a file are sent messages: also who has caused them. */
  "yjs:updated": YjsUpdated;
  /** An operation was done. */
  "fs:operation_done": FsOperationDone;
  /** An operation was taken back. */
  "fs:operation_undone": FsOperationDone;
  /** A file or folder that is watched changed on disk, by whom and how. The first change is told at once; a file that goes on changing is told of again when it has rested for 100 ms, or after a second. */
  "file:changed_on_disk": FileChangedOnDisk;
  /** Changes below a folder are found by looking at it every few seconds. Told once for each folder. */
  "fs:watch_limited": FsWatchLimited;
  /** A terminal was made. */
  "terminal:created": TerminalInfo;
  /** A terminal has another name. */
  "terminal:renamed": TerminalInfo;
  /** What a terminal has printed, for one that is attached. */
  "terminal:data_out": TerminalDataOut;
  /** A terminal is not shown to this session any more. Comes after all that was shown. */
  "terminal:detached": TerminalDetached;
  /** A terminal's title is another one. */
  "terminal:title_changed": TerminalTitleChanged;
  /** The program in a terminal is in another folder, as it says itself. */
  "terminal:cwd_changed": TerminalCwdChanged;
  /** A terminal has another size. */
  "terminal:resized": TerminalResized;
  /** A terminal's bell rang. */
  "terminal:bell": TerminalBell;
  /** The shell in a terminal runs a command. */
  "terminal:command_started": TerminalCommandStarted;
  /** The command has ended. */
  "terminal:command_finished": TerminalCommandFinished;
  /** A terminal's program has ended. All that it printed can be read before. */
  "terminal:exited": TerminalExited;
  /** A terminal was forgotten. */
  "terminal:closed": TerminalClosed;
}

