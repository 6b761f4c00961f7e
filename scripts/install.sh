#!/bin/sh
# Installs Marina's executable for this machine:
#
#   sh install.sh [--version X] [--dir D]
#
# POSIX sh with curl or wget, and sha256sum or shasum. Nothing is written before the checksum is right,
# and a Marina that is already there is replaced in one step, while it runs if need be.
set -eu

# A release puts its own address here.
DEFAULT_BASE_URL=

USAGE='Usage: install.sh [--version X] [--dir D]

Downloads the executable for this machine, compares its SHA-256 checksum and installs it as "marina".

  --version X  The release, such as 0.1.0; the latest unless given
  --dir D      The folder; ~/.local/bin unless given, as root /usr/local/bin
  --help       This text

MARINA_BASE_URL names another place to download from. It has BASE/latest/download/FILE and
BASE/download/vX/FILE, as the releases on GitHub have, each with a SHA256SUMS.
'

# fail ACTION, WHY AND WAY OUT
fail() {
  printf 'install.sh: error: %s\n' "$1" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# Sets the release's name for this machine.
find_target() {
  system=$(uname -s)
  machine=$(uname -m)
  case "$system" in
    Linux) os=linux ;;
    Darwin) os=macos ;;
    MINGW* | MSYS* | CYGWIN*) os=windows ;;
    *) os=$system ;;
  esac
  case "$machine" in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) cpu=$machine ;;
  esac
  # A shell that runs translated says x86_64 on Apple's own processors.
  if [ "$os-$cpu" = macos-x64 ] && [ "$(sysctl -n hw.optional.arm64 2>/dev/null)" = 1 ]; then
    cpu=arm64
  fi
  case "$os-$cpu" in
    linux-x64 | linux-arm64 | macos-arm64 | windows-x64) target=$os-$cpu ;;
    *) fail "Cannot install on $system $machine: there are executables for Linux (x64, arm64), macOS (arm64) and Windows (x64); Marina also runs from its sources with Deno" ;;
  esac
  if [ "$os" = linux ] && is_musl; then
    fail "Cannot install on this Linux: the executable needs glibc, found musl; use an image based on Debian, Ubuntu or Fedora"
  fi
}

is_musl() {
  case "$(ldd --version 2>&1)" in
    *musl*) return 0 ;;
    *) return 1 ;;
  esac
}

# download URL FILE
download() {
  if has curl; then
    case "$1" in
      https://*) protocols=https ;;
      *) protocols=http,https ;;
    esac
    # A release behind HTTPS stays there, whatever it redirects to.
    curl --fail --silent --show-error --location --proto-redir "=$protocols" --retry 2 --output "$2" "$1"
  else
    wget -q -O "$2" "$1"
  fi
}

# Prints the checksum of a file.
checksum_of() {
  if has sha256sum; then
    sha256sum "$1" | cut -d ' ' -f 1
  else
    shasum -a 256 "$1" | cut -d ' ' -f 1
  fi
}

# Prints what SHA256SUMS says of a file: `checksum_in LIST NAME`.
checksum_in() {
  while read -r sum name; do
    if [ "${name#\*}" = "$2" ]; then
      printf '%s\n' "$sum"
      return
    fi
  done <"$1"
}

# Prints the folder to install into where none is named.
default_dir() {
  if [ "$(id -u)" = 0 ]; then
    printf '/usr/local/bin\n'
  else
    [ -n "${HOME:-}" ] || fail "Cannot choose a folder: HOME is not set, name one with --dir"
    printf '%s/.local/bin\n' "$HOME"
  fi
}

# Tells how to reach the program: `explain_path DIR FILE`.
explain_path() {
  case ":$PATH:" in
    *":$1:"*) ;;
    *)
      # shellcheck disable=SC2016 # The profile is to hold $PATH itself.
      printf 'It is not on the path yet; add to your shell profile:\n\n  export PATH="%s:$PATH"\n\n' "$1"
      ;;
  esac
  first=$(command -v marina) || return 0
  # shellcheck disable=SC3013 # In POSIX since 2024, in the shells since long before.
  [ "$first" -ef "$1/$2" ] || printf 'The path leads to another Marina: %s\n' "$first"
}

# All of it is read before any of it runs: a script that comes through a pipe may be cut off.
main() {
  version=
  dir=
  while [ $# -gt 0 ]; do
    case "$1" in
      --version | --dir)
        [ $# -ge 2 ] || fail "Cannot read the arguments: $1 expects a value"
        if [ "$1" = --dir ]; then dir=$2; else version=${2#v}; fi
        shift 2
        ;;
      --version=*)
        version=${1#*=}
        version=${version#v}
        shift
        ;;
      --dir=*)
        dir=${1#*=}
        shift
        ;;
      -h | --help)
        printf '%s' "$USAGE"
        exit 0
        ;;
      *)
        printf '%s' "$USAGE" >&2
        fail "Cannot read the arguments: known are --version, --dir and --help, found \"$1\""
        ;;
    esac
  done

  base_url=${MARINA_BASE_URL:-$DEFAULT_BASE_URL}
  base_url=${base_url%/}
  [ -n "$base_url" ] || fail "Cannot download Marina: this copy of the script belongs to no release, name an address as environment variable MARINA_BASE_URL"
  has curl || has wget || fail "Cannot download Marina: curl or wget is needed, found neither"
  has sha256sum || has shasum || fail "Cannot prove the download: sha256sum or shasum is needed, found neither"
  find_target

  suffix=
  [ "$os" != windows ] || suffix=.exe
  file=marina-$target$suffix
  name=marina$suffix
  if [ -n "$version" ]; then
    from=$base_url/download/v$version
  else
    from=$base_url/latest/download
  fi
  [ -n "$dir" ] || dir=$(default_dir)
  case "$dir" in
    /* | [A-Za-z]:*) ;;
    # Not an option, and not below CDPATH.
    *) dir=./$dir ;;
  esac

  mkdir -p "$dir" || fail "Cannot install into \"$dir\": the folder cannot be made, name another with --dir"
  dir=$(cd "$dir" && pwd)
  [ ! -d "$dir/$name" ] || fail "Cannot install as \"$dir/$name\": a folder has that name, name another place with --dir"
  # In the same folder, so that the last step is a rename.
  draft=$(mktemp -d "$dir/.marina-XXXXXX") ||
    fail "Cannot install into \"$dir\": the folder cannot be written, name another with --dir"
  trap 'rm -rf "$draft"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM

  download "$from/SHA256SUMS" "$draft/SHA256SUMS" ||
    fail "Cannot download \"$from/SHA256SUMS\": without checksums nothing is installed"
  expected=$(checksum_in "$draft/SHA256SUMS" "$file")
  [ -n "$expected" ] || fail "Cannot install \"$file\": the release's SHA256SUMS does not name it"
  printf 'Downloading %s\n' "$from/$file"
  download "$from/$file" "$draft/$file" || fail "Cannot download \"$from/$file\""
  found=$(checksum_of "$draft/$file")
  [ "$found" = "$expected" ] ||
    fail "Cannot install \"$file\": its SHA-256 checksum must be $expected, found $found"

  chmod 755 "$draft/$file"
  installed=$("$draft/$file" --version) ||
    fail "Cannot install \"$file\": it does not run on this machine; if \"$dir\" is mounted with noexec, name another folder with --dir"
  mv -f "$draft/$file" "$dir/$name"
  printf 'Installed %s as %s\n' "$installed" "$dir/$name"
  explain_path "$dir" "$name"
}

main "$@"
