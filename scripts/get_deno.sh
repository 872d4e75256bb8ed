# Puts a Deno that is new enough on the PATH, getting it with npm where it is missing or too old.
# To be sourced, in the repository, by scripts that can do nothing without it.

# The one place that names the version.
wanted="$(sed -n 's/^ARG DENO_VERSION=//p' Dockerfile)"
# Where Deno is put when it may not, or should not, be installed for everybody.
folder="${XDG_CACHE_HOME:-$HOME/.cache}/minisql/deno-$wanted"
if [ -x "$folder/bin/deno" ]; then PATH="$folder/bin:$PATH"; fi

has_deno() {
  local found
  found="$(deno --version 2>/dev/null | sed -n 's/^deno \([0-9.]*\).*/\1/p')" || return 1
  [ -n "$found" ] && [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ]
}

# Deno does not read npm's global configuration, where a machine may name its registry.
take_registry() {
  local registry
  if [ -n "${NPM_CONFIG_REGISTRY:-}" ]; then return; fi
  registry="$(npm config get registry 2>/dev/null || true)"
  case "$registry" in http*) export NPM_CONFIG_REGISTRY="$registry" ;; esac
}

install_deno() {
  echo "== deno: installing $wanted" >&2
  local global
  global="$(npm prefix --global)"
  if ! command -v deno >/dev/null && [ -w "$global/bin" ]; then
    npm install --global --no-fund --no-audit "deno@$wanted" >&2
    PATH="$global/bin:$PATH"
  else
    npm install --global --prefix "$folder" --no-fund --no-audit "deno@$wanted" >&2
    PATH="$folder/bin:$PATH"
  fi
  hash -r
}

get_deno() {
  take_registry
  has_deno || install_deno && has_deno
}
