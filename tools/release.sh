#!/usr/bin/env bash
# tools/release.sh: makes a release under target/dist, for people who deploy without a Rust toolchain.
#
# For each architecture poolkeeper-<version>-<architecture>.tar.gz, which unpacks to a folder that `sam deploy --guided`
# takes as it is: template, functions, policy, samconfig.toml and the operator's tool, `poolkeeper`. The same folder serves
# `make deploy PACKAGES=<folder>`. Beside them each function as a zip, the software bill of materials (CycloneDX) and
# SHA256SUMS. The same sources make the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
CARGO_CYCLONEDX=0.5.9
dist=target/dist
linker=$(tools/install.sh venv cargo-lambda tools/build-requirements.lock)
sam=$(tools/install.sh venv linters tools/requirements.lock)/sam
bill=$(tools/install.sh cargo cargo-cyclonedx "$CARGO_CYCLONEDX")

tools/build-lambda.sh arm64 x86_64
rm -rf "$dist"
mkdir -p "$dist"

for architecture in arm64 x86_64; do
  name=poolkeeper-$version-$architecture
  folder=$dist/$name
  target=$(sed 's/arm64/aarch64/' <<<"$architecture")-unknown-linux-musl
  functions=lambda-$architecture
  mkdir -p "$folder"
  cp -R policy samconfig.toml README.md SECURITY.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT docs "$folder/"
  for zip in target/"$functions"/*.zip; do
    function=$(basename "$zip" .zip)
    install -D "target/$functions/$function/bootstrap" "$folder/$functions/$function/bootstrap"
    cp "$zip" "$dist/poolkeeper-$version-$architecture-$function.zip"
  done
  cp "target/$functions/features" "$folder/$functions/features"
  # In a checkout the functions of either architecture are copied to target/lambda; here they stay where they are.
  sed -E "s|CodeUri: target/lambda/|CodeUri: $functions/|
    /^  Architecture:/,/Default:/s|Default: .*|Default: $architecture|" template.yaml >"$folder/template.yaml"
  if grep -n 'target/' "$folder/template.yaml" >&2; then
    echo "the packaged template refers to the build" >&2
    exit 1
  fi
  echo "$architecture: poolkeeper, the operator's tool …"
  PATH=$linker:$PATH cargo-lambda lambda build --release --locked --target "$target" -p poolkeeper-cli \
    --bin poolkeeper --lambda-dir "target/cli-$architecture"
  cp "target/cli-$architecture/poolkeeper/bootstrap" "$folder/poolkeeper"
  SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 "$sam" validate --lint --template "$folder/template.yaml"
  tar --create --gzip --directory "$dist" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@315532800 \
    --file "$dist/$name.tar.gz" "$name"
done

# Of what ships, not of the test-bed; `schemars` is in it, which Cargo resolves for the tests of the same package. The
# tool writes beside each manifest.
SOURCE_DATE_EPOCH=315532800 "$bill/cargo-cyclonedx" cyclonedx --format json --no-build-deps \
  --target aarch64-unknown-linux-musl --override-filename poolkeeper.cdx --quiet
# Without the folder in which it was made.
sed "s|$PWD|/poolkeeper|g" poolkeeper.cdx.json >"$dist/poolkeeper-$version.cdx.json"
find . -name poolkeeper.cdx.json -not -path './target/*' -delete

(cd "$dist" && sha256sum -- *.tar.gz *.zip *.cdx.json >SHA256SUMS && sha256sum --check --quiet SHA256SUMS)
ls -l "$dist" | sed -n 's/^-[^ ]* *[^ ]* *[^ ]* *[^ ]* *\([0-9]*\) .* \([^ ]*\)$/\1 \2/p'
