# Marks prompts, command lines and their ends for icpyd. bash reads this in place of ~/.bashrc, which is read here.

# What proves the marks: no program is to have it.
__icpy_nonce=$ICPY_NONCE
unset ICPY_NONCE

[ -r ~/.bashrc ] && . ~/.bashrc

if [[ -n $ICPY_TERMINAL_ID && -z $__icpy_ran && ${BASH_VERSINFO[0]}${BASH_VERSINFO[1]} -ge 44 ]]; then
  __icpy_ran=0
  __icpy_number=0

  # A command has ended: the first thing, while its status is there.
  __icpy_finished() {
    local status=$?
    [[ $__icpy_ran == 1 ]] && printf '\e]133;D;%s;icpy=%s\a' "$status" "$__icpy_nonce"
    __icpy_ran=0
    local folder=${PWD//%/%25}
    folder=${folder//$'\e'/%1B} folder=${folder//$'\a'/%07} folder=${folder//$'\n'/%0A}
    printf '\e]7;file://%s%s\a' "$HOSTNAME" "$folder"
    return "$status"
  }

  # The prompt is about to be shown: the last thing, when others have set it.
  __icpy_prompts() {
    [[ $PS1 == *'133;A'* ]] || PS1='\[\e]133;A\a\]'$PS1'\[\e]133;B;icpy='$__icpy_nonce'\a\]'
    __icpy_number=$(HISTTIMEFORMAT='' builtin history 1) __icpy_number=${__icpy_number#"${__icpy_number%%[! ]*}"}
    __icpy_number=${__icpy_number%%[!0-9]*}
  }

  # A line was read and is about to be run. What is kept out of the history is not told either.
  __icpy_begins() {
    local line number
    line=$(HISTTIMEFORMAT='' builtin history 1) line=${line#"${line%%[! ]*}"}
    number=${line%%[!0-9]*} line=${line#"$number"} line=${line#[* ]} line=${line# }
    if [[ $number != "$__icpy_number" ]]; then
      line=${line//\\/\\\\} line=${line//;/\\x3b} line=${line//$'\n'/\\x0a} line=${line//$'\e'/\\x1b} line=${line//$'\a'/\\x07}
      printf '\e]633;E;%s;%s\a' "$line" "$__icpy_nonce"
    fi
    printf '\e]133;C;icpy=%s\a' "$__icpy_nonce"
  }

  PROMPT_COMMAND=("${PROMPT_COMMAND[@]}")
  if (( ${BASH_VERSINFO[0]}${BASH_VERSINFO[1]} >= 51 )); then
    PROMPT_COMMAND=(__icpy_finished "${PROMPT_COMMAND[@]}" __icpy_prompts)
  else
    PROMPT_COMMAND="__icpy_finished${PROMPT_COMMAND:+;$PROMPT_COMMAND};__icpy_prompts"
  fi
  # The sum is done in this shell, and what is cut out of it is nothing.
  PS0='${__icpy_ran:$((__icpy_ran=1,0)):0}$(__icpy_begins)'$PS0
fi
