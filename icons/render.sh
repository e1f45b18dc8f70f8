#!/usr/bin/env bash
# Renders the icons that Tauri and the tray need from their drawings. Run by hand after a drawing changes; the results are
# committed, so that nobody needs a renderer to build. Needs: rsvg-convert (librsvg2-bin), python3.
set -euo pipefail
cd "$(dirname "$0")"

png() { rsvg-convert --width "$2" --height "$2" --output "$3" "$1.svg"; }

png icon-small 32 32x32.png
png icon 128 128x128.png
png icon 256 128x128@2x.png
png icon 512 icon.png
for state in locked fine due failed; do png "tray-$state" 32 "tray-$state.png"; done

# icon.ico: PNG images behind a directory of 16 bytes each (Windows Vista and newer read PNG entries).
sizes=(16 32 48 256)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for size in "${sizes[@]}"; do
  if ((size <= 32)); then png icon-small "$size" "$scratch/$size.png"; else png icon "$size" "$scratch/$size.png"; fi
done
python3 - "$scratch" "${sizes[@]}" <<'PY'
import pathlib, struct, sys
folder, sizes = pathlib.Path(sys.argv[1]), [int(size) for size in sys.argv[2:]]
images = [(folder / f"{size}.png").read_bytes() for size in sizes]
directory, offset = struct.pack("<HHH", 0, 1, len(sizes)), 6 + 16 * len(sizes)
for size, image in zip(sizes, images):
    directory += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(image), offset)
    offset += len(image)
pathlib.Path("icon.ico").write_bytes(directory + b"".join(images))
PY
