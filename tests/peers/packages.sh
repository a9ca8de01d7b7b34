# Sourced by the install scripts: foreign programs from Debian's packages, by name, without installing them.
#
# Whoever sources this has set `root`. Programs end up in .peers/bin.
bin=$root/.peers/bin
work=$root/.peers/work.$$
mkdir -p "$bin" "$work"
trap 'rm -rf "$work"' EXIT

fail() {
  echo "$0: $*" >&2
  exit 1
}

# apt SUITE ARGUMENTS...: apt-get or apt-cache with lists, cache and sources of its own; the machine's stay as they are.
apt() {
  local suite=$1 program=$2 options=()
  shift 2
  mkdir -p "$work/$suite/lists/partial" "$work/$suite/cache/archives/partial"
  options+=(-o "Dir::State::Lists=$work/$suite/lists" -o "Dir::Cache=$work/$suite/cache")
  options+=(-o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
  options+=(-o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o "APT::Sandbox::User=$(id -un)")
  if [ "$suite" != own ]; then
    options+=(-o "Dir::Etc::SourceList=$work/$suite/sources.list" -o Dir::Etc::SourceParts=-)
  fi
  "$program" "${options[@]}" "$@"
}

# lists_of SUITE: makes the package lists of a Debian suite available; `own` is what the machine itself uses.
lists_of() {
  local suite=$1
  [ ! -e "$work/$suite/listed" ] || return 0
  type -P apt-get >/dev/null || return 1
  mkdir -p "$work/$suite"
  if [ "$suite" != own ]; then
    lists_of own && debian_source "$suite" >"$work/$suite/sources.list" || return 1
  fi
  apt "$suite" apt-get -qq update >&2 && touch "$work/$suite/listed"
}

# debian_source SUITE: a sources line for another suite of the Debian archive that the machine's own sources name.
debian_source() {
  local archive keys=/usr/share/keyrings/debian-archive-keyring.gpg
  read -r archive < <(apt own apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Component: main') || return 1
  [ -e "$keys" ] || return 1
  echo "deb [signed-by=$keys] $archive $1 main"
}

# unpacked SUITE PACKAGE...: prints the folder that the packages were unpacked into together.
unpacked() {
  local suite=$1 folder=$work/$1/$2 package
  shift
  lists_of "$suite" || return 1
  mkdir -p "$folder/root"
  (cd "$folder" && apt "$suite" apt-get -qq download "$@" >&2) || return 1
  for package in "$folder"/*.deb; do
    dpkg-deb -x "$package" "$folder/root" || return 1
  done
  echo "$folder/root"
}

# place FILE NAME: puts a program that runs into .peers/bin, at once or not at all.
place() {
  chmod 755 "$1" && mv "$1" "$bin/$2"
}

docker_registry() {
  local folder
  if type -P docker-registry >/dev/null; then
    ln -sf "$(type -P docker-registry)" "$bin/docker-registry"
  elif folder=$(unpacked own docker-registry); then
    place "$folder/usr/bin/docker-registry" docker-registry
  else
    fail "docker-registry is missing: install the Debian package docker-registry, or put the program on PATH"
  fi
}
