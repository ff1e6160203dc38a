# Marks prompts, command lines and their ends for icpyd. zsh finds this in place of ~/.zshenv, which is read here; all that
# it reads after is the user's own.

if [[ -n $ICPY_ZDOTDIR ]]; then
  export ZDOTDIR=$ICPY_ZDOTDIR
else
  unset ZDOTDIR
fi
unset ICPY_ZDOTDIR
[[ -r ${ZDOTDIR:-$HOME}/.zshenv ]] && source ${ZDOTDIR:-$HOME}/.zshenv

if [[ -o interactive && -n $ICPY_TERMINAL_ID ]]; then
  typeset -g __icpy_ran=0
  autoload -Uz add-zsh-hook

  __icpy_precmd() {
    local ended=$?
    (( __icpy_ran )) && printf '\e]133;D;%s\a' $ended
    __icpy_ran=0
    local folder=${PWD//\%/%25}
    folder=${folder//$'\e'/%1B} folder=${folder//$'\a'/%07} folder=${folder//$'\n'/%0A}
    printf '\e]7;file://%s%s\a' $HOST $folder
    [[ $PS1 == *'133;A'* ]] || PS1=$'%{\e]133;A\a%}'$PS1$'%{\e]133;B\a%}'
    return $ended
  }

  __icpy_preexec() {
    __icpy_ran=1
    local line=${1//\\/\\\\}
    line=${line//;/\\x3b} line=${line//$'\n'/\\x0a} line=${line//$'\e'/\\x1b} line=${line//$'\a'/\\x07}
    printf '\e]633;E;%s\a\e]133;C\a' $line
  }

  # Before all others, while the status is there; the prompt that they set is marked the next time.
  precmd_functions=(__icpy_precmd $precmd_functions)
  preexec_functions=(__icpy_preexec $preexec_functions)
fi
