#!/usr/bin/env bash
# tools/build-lambda.sh [arm64] [x86_64]: builds the four functions for Lambda and lists the sizes of their packages.
# Without an argument, for both architectures. What is up to date is left alone, as cargo does.
#
# The binaries of arm64 land in target/lambda-arm64/<function>/bootstrap, those of x86_64 in target/lambda-x86_64/…:
# cargo-lambda's own default is one folder for both, where the last one built would be the one that is deployed.
# Linked statically against musl: plain cargo cannot link ring for it, the zig that cargo-lambda brings can.
set -euo pipefail
cd "$(dirname "$0")/.."

bins=(pre-sign-up post-confirmation user-migration identity-vendor)
architectures=("$@")
((${#architectures[@]})) || architectures=(arm64 x86_64)

target_of() {
  case $1 in
    arm64) echo aarch64-unknown-linux-musl ;;
    x86_64) echo x86_64-unknown-linux-musl ;;
    *)
      echo "$1: not an architecture of Lambda; there are arm64 and x86_64" >&2
      return 1
      ;;
  esac
}

# Bytes of the package: what is uploaded is a zip of the one file.
zipped() {
  "$linker/python" - "$1" <<'PYTHON'
import io, sys, zipfile
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
    package.write(sys.argv[1], "bootstrap")
print(len(packed.getvalue()))
PYTHON
}

linker=$(tools/install.sh venv cargo-lambda tools/build-requirements.lock)
export PATH=$linker:$PATH

for architecture in "${architectures[@]}"; do
  target=$(target_of "$architecture")
  folder=target/lambda-$architecture
  if command -v rustup >/dev/null && ! rustup target list --installed | grep -qx "$target"; then
    rustup target add "$target"
  fi
  echo "$architecture: cargo lambda build --target $target …"
  started=$SECONDS
  cargo-lambda lambda build --release --locked --target "$target" -p poolkeeper \
    "${bins[@]/#/--bin=}" --lambda-dir "$folder"
  echo "$architecture: up to date after $((SECONDS - started)) s"
  for bin in "${bins[@]}"; do
    printf '%-7s %-18s %9d bytes, %9d zipped\n' "$architecture" "$bin" \
      "$(stat -c %s "$folder/$bin/bootstrap")" "$(zipped "$folder/$bin/bootstrap")"
  done
done
