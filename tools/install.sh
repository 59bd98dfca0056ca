#!/usr/bin/env bash
# Installs a pinned tool of the checks into the tree, where it is missing or its pin has changed, and prints the folder
# of its programs. Only an installation uses the network; what it says goes to standard error.
#
# tools/install.sh venv NAME LOCK      target/tools/NAME, a Python venv that holds exactly what LOCK pins
# tools/install.sh npm FOLDER          FOLDER/node_modules, as FOLDER/package-lock.json pins it
# tools/install.sh cargo NAME VERSION  target/tools/NAME, a Cargo subcommand, built without optimisation
# tools/install.sh debian NAME LOCK    target/tools/NAME, Debian packages unpacked without root, as LOCK lists them: lines
#                                      of package=version, dependencies too. Mirrors drop superseded versions: where that
#                                      one is gone, the distribution's present one is taken, and it is said.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=$1 name=$2
python=${PYTHON:-python3}

# What an installation is made of: a venv cannot be moved, and a native module is built for one interpreter.
case $kind in
  venv) folder=$PWD/target/tools/$name programs=$folder/bin made_of=$(cat "$3" && "$python" --version && pwd) ;;
  npm) folder=$PWD/$name/node_modules programs=$folder/.bin made_of=$(cat "$name/package-lock.json" && node --version) ;;
  debian)
    folder=$PWD/target/tools/$name programs=$folder/usr/bin made_of=$(cat "$3" /etc/debian_version && uname -m)
    command -v apt-get dpkg >/dev/null || {
      echo "missing: apt-get and dpkg, for the packages in $3: Debian or one of its descendants" >&2
      exit 1
    }
    ;;
  cargo) folder=$PWD/target/tools/$name programs=$folder/bin made_of="$name $3 $(rustc --version)" ;;
  *)
    echo "tools/install.sh: unknown kind $kind" >&2
    exit 2
    ;;
esac

install_venv() {
  "$python" -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$1"
}
install_npm() {
  (cd "$name" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}
install_cargo() {
  # One folder for what they have in common.
  CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --root "$folder" \
    --target-dir target/tools/build "$name@$1"
}
install_debian() {
  local apt=$folder/apt wanted options
  mkdir -p "$apt"/{lists,archives,debs}/partial
  options=(-q -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt" -o Debug::NoLocking=1)
  # Nobody else's folder is written to, so nobody else's rights are needed.
  if [[ $EUID == 0 ]]; then options+=(-o APT::Sandbox::User=root); fi
  apt-get "${options[@]}" update || return 1
  cd "$apt/debs"
  for wanted in $(sed 's/#.*//' "$1"); do
    apt-get "${options[@]}" download "$wanted" && continue
    echo "$wanted is gone from the mirrors; what they have instead is taken"
    apt-get "${options[@]}" download "${wanted%%=*}" || return 1
  done
  for wanted in ./*.deb; do dpkg -x "$wanted" "$folder" || return 1; done
  cd "$OLDPWD"
  rm -rf "$apt"
}

stamp=$(sha256sum <<<"$made_of" | cut -d' ' -f1)
if [[ $(cat "$folder/.stamp" 2>/dev/null || true) != "$stamp" ]]; then
  started=$SECONDS
  echo "installing ${folder#"$PWD"/} …" >&2
  rm -rf "$folder"
  mkdir -p target/tools
  log=$PWD/target/tools/${name//\//-}.log
  if ! "install_$kind" "${@:3}" >"$log" 2>&1; then
    cat "$log" >&2
    echo "$name could not be installed" >&2
    exit 1
  fi
  echo "$stamp" >"$folder/.stamp"
  echo "installed ${folder#"$PWD"/} in $((SECONDS - started)) s" >&2
fi
echo "$programs"
