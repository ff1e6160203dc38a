# Marks prompts, command lines and their ends for icpyd. fish reads this after the user's own configuration.

# From version 4 on fish marks them itself.
if set -q ICPY_TERMINAL_ID; and status is-interactive; and not functions -q __icpy_user_prompt; and string match -qr '^[23]\.' -- $version
    functions -c fish_prompt __icpy_user_prompt

    function fish_prompt
        set -l ended $status
        printf '\e]133;A\a'
        # The prompt may show it.
        test $ended -eq 0; or __icpy_end_with $ended
        __icpy_user_prompt
        printf '\e]133;B\a'
    end

    function __icpy_end_with
        return $argv[1]
    end

    function __icpy_folder --on-variable PWD
        printf '\e]7;file://%s%s\a' $hostname (string escape --style=url -- $PWD)
    end

    function __icpy_begins --on-event fish_preexec
        set -l line (string replace -a \\ \\\\ -- $argv[1] | string replace -a ';' '\\x3b' | string join '\\x0a')
        printf '\e]633;E;%s\a\e]133;C\a' $line
    end

    function __icpy_finished --on-event fish_postexec
        printf '\e]133;D;%s\a' $status
    end

    __icpy_folder
end
