# Marks prompts, command lines and their ends for icpyd. zsh finds this in place of ~/.zshenv, which is read here; all that
# it reads after is the user's own.

if [[ -n $ICPY_ZDOTDIR ]]; then
  export ZDOTDIR=$ICPY_ZDOTDIR
else
  unset ZDOTDIR
fi
unset ICPY_ZDOTDIR
[[ -r ${ZDOTDIR:-$HOME}/.zshenv ]] && source ${ZDOTDIR:-$HOME}/.zshenv

# What proves the marks: no program is to have it.
typeset -g __icpy_nonce=$ICPY_NONCE
unset ICPY_NONCE

if [[ -o interactive && -n $ICPY_TERMINAL_ID ]]; then
  typeset -g __icpy_ran=0

  # A command has ended: the first of all, while the status is there.
  __icpy_finished() {
    local ended=$?
    (( __icpy_ran )) && printf '\e]133;D;%s;icpy=%s\a' $ended $__icpy_nonce
    __icpy_ran=0
    local folder=${PWD//\%/%25}
    folder=${folder//$'\e'/%1B} folder=${folder//$'\a'/%07} folder=${folder//$'\n'/%0A}
    printf '\e]7;file://%s%s\a' $HOST $folder
    # Others may have come since.
    [[ $precmd_functions[-1] == __icpy_prompts ]] || precmd_functions=(${precmd_functions:#__icpy_prompts} __icpy_prompts)
    return $ended
  }

  # The prompt is about to be shown: the last of all, when others have set it.
  __icpy_prompts() {
    [[ $PS1 == *'133;A'* ]] || PS1=$'%{\e]133;A\a%}'$PS1$'%{\e]133;B;icpy='$__icpy_nonce$'\a%}'
    # What zsh shows behind output that does not end its line comes before all of these, and is no output: it is told there
    # that the command has ended.
    local mark=${PROMPT_EOL_MARK-%B%S%#%s%b}
    [[ $mark == *'133;D'* ]] || PROMPT_EOL_MARK=$'%{\e]133;D;%?;icpy='$__icpy_nonce$'\a%}'$mark
  }

  __icpy_preexec() {
    __icpy_ran=1
    local line=${1//\\/\\\\}
    line=${line//;/\\x3b} line=${line//$'\n'/\\x0a} line=${line//$'\e'/\\x1b} line=${line//$'\a'/\\x07}
    printf '\e]633;E;%s;%s\a\e]133;C;icpy=%s\a' $line $__icpy_nonce $__icpy_nonce
  }

  precmd_functions=(__icpy_finished $precmd_functions __icpy_prompts)
  preexec_functions=(__icpy_preexec $preexec_functions)
fi
