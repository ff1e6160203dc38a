//! Trees in which other filesystems are mounted, and links lead back up.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use icpy_protocol::fs::{
    CHANGED_ON_DISK, FileChange, FsClient, FsFindParams, FsGrepParams, FsSyncParams, FsWatchParams,
};
use icpy_tests::{Daemon, cannot_run};

/// A filesystem that is mounted somewhere.
struct Mounted(PathBuf);

impl Mounted {
    /// Mounts an empty one, or one of the kernel's. `None`, with the reason told, where that is not permitted.
    fn new(path: PathBuf, kind: &str) -> Option<Self> {
        fs::create_dir(&path).unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", kind, kind]).arg(&path);
        if !command.output().is_ok_and(|output| output.status.success()) {
            cannot_run("a file system cannot be mounted: it needs root on Linux");
            return None;
        }
        Some(Self(path))
    }

    /// Fails where anything on it is in use.
    fn unmount(&self) -> bool {
        Command::new("umount").arg(&self.0).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _gone_where_the_test_went_well = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}

#[test]
fn what_is_mounted_in_a_folder_is_part_of_it() {
    let daemon = Daemon::boot("//- /a.txt\nneedle\n//- /folder/b.txt\n");
    let (Some(disk), Some(_system)) =
        (Mounted::new(daemon.path("disk"), "tmpfs"), Mounted::new(daemon.path("system"), "proc"))
    else {
        return;
    };
    fs::write(disk.0.join("on.txt"), "needle\n").unwrap();
    symlink(daemon.path(""), daemon.path("folder/up")).unwrap();
    symlink("self", daemon.path("folder/self")).unwrap();
    daemon.run(async {
        let client = daemon.client().await;
        let mut events = daemon.events(&client, "file:changed_on_disk").await;
        let client = FsClient::new(client);
        client.watch(&FsWatchParams { path: daemon.path("").into(), is_shallow: false }).await.unwrap();
        let found = async || {
            client.sync(&FsSyncParams::default()).await.unwrap();
            let params =
                FsFindParams { path: daemon.path("").into(), query: String::new(), include_hidden: true, limit: None };
            let mut files: Vec<_> = client.find(&params).await.unwrap().files;
            files.sort();
            files.iter().map(|file| file.as_path().display().to_string()).collect::<Vec<_>>()
        };
        let here = ["a.txt", "folder/b.txt"];
        assert_eq!(found().await, [here[0], "disk/on.txt", here[1]]);
        let params = FsGrepParams::new(daemon.path(""), "needle");
        let needles = client.grep(&params).await.unwrap();
        assert_eq!(needles.stats.files_matched, 2);

        fs::write(disk.0.join("new.txt"), "").unwrap();
        let changed = events.expect(&CHANGED_ON_DISK).await;
        assert_eq!((changed.kind, changed.path.into_path_buf()), (FileChange::Created, disk.0.join("new.txt")));

        assert!(disk.unmount(), "a watched filesystem cannot be unmounted");
        assert_eq!(found().await, here);
        let changed = [events.expect(&CHANGED_ON_DISK).await, events.expect(&CHANGED_ON_DISK).await];
        assert!(changed.iter().all(|changed| changed.kind == FileChange::Deleted), "{changed:?}");
        // The folder that it was mounted over is watched now.
        fs::write(disk.0.join("below.txt"), "").unwrap();
        assert_eq!(events.expect(&CHANGED_ON_DISK).await.path.into_path_buf(), disk.0.join("below.txt"));
        assert_eq!(found().await, [here[0], "disk/below.txt", here[1]]);
    });
}
