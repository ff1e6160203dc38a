# Marks prompts, command lines and their ends for icpyd. fish reads this after the user's own configuration.

# What proves the marks: no program is to have it.
set -g __icpy_nonce $ICPY_NONCE
set -e ICPY_NONCE

# From version 4 on fish marks them itself.
if set -q ICPY_TERMINAL_ID; and status is-interactive; and not functions -q __icpy_prompts; and string match -qr '^[23]\.' -- $version
    # The user's prompt, as it is now, with marks around it.
    function __icpy_prompts --on-event fish_prompt
        functions fish_prompt | string match -q '*__icpy_user_prompt*'; and return
        functions -e __icpy_user_prompt
        functions -c fish_prompt __icpy_user_prompt

        function fish_prompt
            set -l ended $status
            printf '\e]133;A\a'
            # The prompt may show it.
            test $ended -eq 0; or __icpy_end_with $ended
            __icpy_user_prompt
            printf '\e]133;B;icpy=%s\a' $__icpy_nonce
        end
    end

    function __icpy_end_with
        return $argv[1]
    end

    function __icpy_folder --on-variable PWD
        printf '\e]7;file://%s%s\a' $hostname (string escape --style=url -- $PWD)
    end

    function __icpy_begins --on-event fish_preexec
        set -l line (string replace -a \\ \\\\ -- $argv[1] | string replace -a ';' '\\x3b' | string join '\\x0a')
        printf '\e]633;E;%s;%s\a\e]133;C;icpy=%s\a' $line $__icpy_nonce $__icpy_nonce
    end

    function __icpy_finished --on-event fish_postexec
        printf '\e]133;D;%s;icpy=%s\a' $status $__icpy_nonce
    end

    __icpy_prompts
    __icpy_folder
end
