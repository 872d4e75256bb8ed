#!/bin/sh
# minisql @VERSION@ for @TARGET@: the program and its runtime in one file.
# The first start unpacks both, once, into the user's cache folder; later ones just run them.
runtime_id=@RUNTIME_ID@ runtime_size=@RUNTIME_SIZE@
app_id=@APP_ID@ app_size=@APP_SIZE@
stub_size=@STUB_SIZE@
# Lists of processes show the runtime by this name.
runtime=runtime-$runtime_id/minisql
app=app-$app_id.js
self=$0

fail() {
  printf 'minisql: %s\n' "$1" >&2
  exit 1
}

# Only a folder of our own is safe to run programs from: in a shared one, somebody else
# could have put them there.
is_ours() {
  [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]
}

# Replaces this shell by the program, which then gets every signal itself.
start() {
  export DENO_DIR="$1/deno" DENO_NO_UPDATE_CHECK=1 DENO_NO_PACKAGE_JSON=1
  # So that the program can say how it was called, and start itself again.
  export MINISQL_PROGRAM="$self"
  folder=$1
  shift
  exec "$folder/$runtime" run --quiet --no-config --no-lock --no-remote --no-npm \
    --cached-only @PERMISSIONS@ \
    "$folder/$app" "$@"
}

is_unpacked() {
  is_ours "$1" && [ -x "$1/$runtime" ] && [ -s "$1/$app" ]
}

# unpack FILE OFFSET SIZE MODE. Several first starts at once each unpack a file of their own; the
# last to rename it wins, and all are the same.
unpack() {
  [ -s "$1" ] && return
  part=$(mktemp "$1.XXXXXXXX" 2>/dev/null) || return 1
  if tail -c "+$(($2 + 1))" "$self" | head -c "$3" | gzip -dc >"$part" 2>/dev/null &&
    chmod "$4" "$part" && { sync "$part" 2>/dev/null || :; } && mv -f "$part" "$1"; then
    return
  fi
  rm -f "$part"
  return 1
}

unpack_all() {
  (umask 077 && mkdir -p "$1") 2>/dev/null && is_ours "$1" && chmod 700 "$1" &&
    mkdir -p "$1/runtime-$runtime_id" &&
    unpack "$1/$runtime" "$stub_size" "$runtime_size" 700 &&
    unpack "$1/$app" "$((stub_size + runtime_size))" "$app_size" 600 &&
    is_unpacked "$1" || return 1
  # What other versions left behind a month ago; they would unpack themselves again.
  find "$1" -maxdepth 1 \( -name 'runtime-*' -o -name 'app-*' \) -mtime +30 \
    ! -name "runtime-$runtime_id" ! -name "$app" -exec rm -rf {} + 2>/dev/null
  return 0
}

cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
cache=${cache:+$cache/minisql}
[ -n "$cache" ] && is_unpacked "$cache" && start "$cache" "$@"

temporary=${TMPDIR:-/tmp}/minisql-$(id -u)
whole=$((stub_size + runtime_size + app_size))
size=$(wc -c <"$self") || fail "Cannot unpack $self: it cannot be read"
if [ "$size" -ne "$whole" ]; then
  fail "Cannot unpack $self: it is damaged, with $((size)) bytes in place of $whole"
fi
trap 'rm -f "${part:-}"; exit 130' INT
trap 'rm -f "${part:-}"; exit 143' TERM
for folder in "$cache" "$temporary"; do
  [ -n "$folder" ] || continue
  if is_unpacked "$folder" || unpack_all "$folder"; then
    trap - INT TERM
    start "$folder" "$@"
  fi
done
fail "Cannot unpack: neither ${cache:-a cache folder} nor $temporary can be written to and run from; set XDG_CACHE_HOME"
