#!/bin/sh
# Installs icpy from its unpacked archive, for one user or, below /usr/local, for all.
# A running daemon goes on: programs are put in place by renaming, and nothing is started or stopped.
set -eu
umask 022

usage='usage: install.sh [--prefix FOLDER] [--uninstall]

  --prefix FOLDER   where to install; ~/.local by default
  --uninstall       remove what was installed there; settings and state stay'

fail() {
    printf 'install.sh: %s\n' "$1" >&2
    exit 1
}

# Makes a folder, and remembers those that were not there, the innermost first.
make_folder() {
    [ ! -d "$1" ] || return 0
    make_folder "$(dirname -- "$1")"
    mkdir -- "$1"
    folders="$1/
$folders"
}

# Puts one file of the archive in place, with the paths of this installation.
put() {
    make_folder "$(dirname -- "$prefix/$1")"
    new="$prefix/$1.new"
    case $1 in
        *.service | *.plist) sed -e "s|/usr/bin/|$prefix/bin/|g" -e "s|/Users/NAME/|$HOME/|g" -- "$here/$1" >"$new" ;;
        *) cp -- "$here/$1" "$new" ;;
    esac
    case $1 in
        bin/* | *.sh) chmod 755 "$new" ;;
        *) chmod 644 "$new" ;;
    esac
    mv -f -- "$new" "$prefix/$1"
}

# Removes what an earlier version has installed and this one does not.
remove_old() {
    [ -f "$list" ] || return 0
    grep -v '/$' "$list" | while IFS= read -r file; do
        printf '%s\n' "$files" | grep -Fqx -e "$file" || rm -f -- "$prefix/$file"
    done
}

install() {
    here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
    [ -x "$here/bin/icpy" ] || fail "there is nothing to install in $here: run the one in the unpacked archive"
    files=$(cd -- "$here" && find bin share -type f | LC_ALL=C sort)
    folders=$(if [ -f "$list" ]; then grep '/$' "$list" || :; fi)
    for file in $files; do
        put "$file"
    done
    remove_old
    printf '%s\n' "$files" "$folders" | grep . >"$list.new"
    mv -f -- "$list.new" "$list"
    printf 'installed icpy below %s\n' "$prefix" >&2
    case :$PATH: in
        *:"$prefix/bin":*) ;;
        *) printf 'hint: put %s into PATH\n' "$prefix/bin" >&2 ;;
    esac
}

uninstall() {
    [ -f "$list" ] || fail "icpy is not installed below $prefix"
    # The list goes too, and with it its folder.
    entries=$(cat -- "$list")
    printf '%s\n' "$entries" | grep -v '/$' | while IFS= read -r file; do
        rm -f -- "$prefix/$file"
    done
    rm -f -- "$list"
    printf '%s\n' "$entries" | { grep '/$' || :; } | while IFS= read -r folder; do
        # Others may have put something there.
        rmdir -- "$folder" 2>/dev/null || :
    done
    printf 'removed icpy from %s\n' "$prefix" >&2
}

action=install prefix=
while [ $# -gt 0 ]; do
    case $1 in
        --prefix)
            [ $# -gt 1 ] || fail '--prefix wants a folder'
            prefix=$2
            shift
            ;;
        --prefix=*) prefix=${1#--prefix=} ;;
        --uninstall) action=uninstall ;;
        --help | -h)
            printf '%s\n' "$usage"
            exit 0
            ;;
        *) fail "it knows no $1; --help lists what it knows" ;;
    esac
    shift
done

HOME=${HOME:-}
[ -n "$prefix" ] || { [ -n "$HOME" ] && prefix=$HOME/.local; } || fail 'HOME is not set: name a --prefix'
case $prefix in
    /*) ;;
    *) prefix=$(pwd)/$prefix ;;
esac
# The units hold it, and each has an opinion on other characters.
case $prefix$HOME in
    *[!A-Za-z0-9/._+@,:=~-]*) fail "a path may have letters, digits and /._+@,:=~- only: $prefix" ;;
esac
list=$prefix/share/icpy/files
"$action"
