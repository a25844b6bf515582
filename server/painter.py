"""Decodes one untrusted picture and paints it anew. Runs by itself (`media.paint`), as a process that limits itself first.

python -I painter.py SOURCE FOLDER MEMORY SECONDS PIXELS NAME=EDGE…
"""

import resource
import sys
import warnings


def main(source: str, folder: str, memory: int, seconds: int, pixels: int, sizes: dict[str, int]) -> None:
    # 1. Before anything of the picture is read: what this process may use at most.
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024 * 1024, 16 * 1024 * 1024))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error")

    # 2. Only the decoders that are asked for exist.
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = pixels
    with Image.open(source, formats=("JPEG", "PNG", "WEBP")) as picture:
        if picture.width * picture.height > pixels:
            raise ValueError("too many pixels")
        largest = max(sizes.values())
        picture.draft("RGB", (largest, largest))  # a large JPEG is decoded at a fraction of its size
        turned = ImageOps.exif_transpose(picture)

        # 3. New pixels on white, and nothing else of the file: no EXIF, no profile, no comment.
        flat = Image.new("RGB", turned.size, "white")
        if turned.mode in ("RGBA", "LA", "P", "PA"):
            turned = turned.convert("RGBA")
            flat.paste(turned, mask=turned.getchannel("A"))
        else:
            flat.paste(turned.convert("RGB"))
    for name, edge in sorted(sizes.items(), key=lambda size: -size[1]):
        flat.thumbnail((edge, edge), Image.Resampling.LANCZOS)
        flat.save(f"{folder}/{name}.jpg", "JPEG", quality=82, optimize=True, progressive=True)


if __name__ == "__main__":
    source, folder, memory, seconds, pixels, *named = sys.argv[1:]
    sizes = {name: int(edge) for name, _, edge in (text.partition("=") for text in named)}
    main(source, folder, int(memory), int(seconds), int(pixels), sizes)
