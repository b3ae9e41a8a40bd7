"""Makes an uploaded photo fit for the gallery: upright, in sRGB, no larger than needed, without metadata."""

import contextlib
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from server.access.seen import PictureError, PreparedPhoto
from server.vision.boxes import scaled
from server.vision.jpeg_segments import without_metadata
from server.vision.models import Models
from server.vision.photo import MAX_PIXELS, NO_FACE, look_at_photo
from server.vision.picture import DAMAGED_PICTURE, decode_photo, open_picture, refuse_many_scans
from server.vision.thumbnails import DETAIL, SIDE, cut
from wire import Box

STORED_PIXELS = 4_000_000
"""Most pixels of a photo in the gallery: a face of 1/20 of the longer side still has 100 of them across."""
QUALITY = 95
FRAME_SIDE = 4096
"""A larger frame is shrunk to so many pixels before a face is cut out of it."""
AROUND = 1.0
"""How much of a frame around a face is kept on each side, in widths of the face: hair, chin and ears."""
_ORIENTATION = 0x0112
"""EXIF's tag; 1: as it is."""
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_HEIC_HINT = "install pillow-heif on the server, or have the phone make jpg photos (iPhone: Most Compatible)"


def prepare_photo(models: Models, data: bytes, face: Box | None = None) -> PreparedPhoto:
    """`data`: as `fit` takes it. `face`: of a terminal's frame only this one is kept, in pixels of it. Raises
    PictureError, PictureTooLargeError."""
    jpeg, _ = fit(data if face is None else _cut_out(data, face))
    outcome, box = look_at_photo(models, jpeg)
    picture, factor = decode_photo(jpeg, MAX_PIXELS, DETAIL * SIDE)
    thumbnail = cut(picture, scaled(box, 1 / factor) if box else None)
    return PreparedPhoto(jpeg, outcome, box, thumbnail)


def _cut_out(frame: bytes, face: Box) -> bytes:
    """Raises PictureError."""
    picture, factor = decode_photo(frame, MAX_PIXELS, FRAME_SIDE)
    height, width = picture.shape[:2]
    box, around = scaled(face, 1 / factor), round(AROUND * face.width / factor)
    left, top = max(0, box.left - around), max(0, box.top - around)
    right, bottom = min(width, box.right + around), min(height, box.bottom + around)
    if right <= left or bottom <= top:
        raise PictureError(NO_FACE)
    jpeg = BytesIO()
    Image.fromarray(picture[top:bottom, left:right]).save(jpeg, "JPEG", quality=QUALITY)
    return jpeg.getvalue()


def fit(data: bytes) -> tuple[bytes, float]:
    """The picture as such a JPEG, and the factor from its pixels to those of `data`.

    `data`: a JPEG, PNG, WebP or HEIC of at most `MAX_PIXELS`. A JPEG that is fit as it is loses its metadata
    only. Raises PictureError, PictureTooLargeError.
    """
    image = _opened(data)
    side = max(image.size)
    try:
        if image.format == "JPEG" and _is_fit(image):
            image.load()
            return without_metadata(data), 1.0
        picture = _upright(image)
        return _encoded(picture), side / max(picture.size)
    except PictureError:
        raise
    except Exception as error:  # Pillow's parsers raise many kinds on hostile bytes
        raise PictureError(DAMAGED_PICTURE) from error


def _opened(data: bytes) -> Image.Image:
    if data[4:8] == b"ftyp":  # ISO base media, as HEIC is
        try:
            import pillow_heif
        except ImportError:
            raise PictureError(f"a HEIC photo cannot be read: {_HEIC_HINT}") from None
        pillow_heif.register_heif_opener(thumbnails=False)
        return open_picture(data, ("HEIF",), MAX_PIXELS)
    image = open_picture(data, ("JPEG", "PNG", "WEBP"), MAX_PIXELS)
    if image.format == "JPEG":
        refuse_many_scans(data)
    return image


def _is_fit(image: Image.Image) -> bool:
    upright = image.getexif().get(_ORIENTATION, 1) == 1
    small = image.width * image.height <= STORED_PIXELS
    return upright and small and image.mode in ("L", "RGB") and _is_srgb(image.info.get("icc_profile"))


def _is_srgb(profile: bytes | None) -> bool:
    """Whether the colours are meant as they are."""
    if profile is None:
        return True
    with contextlib.suppress(ImageCms.PyCMSError, OSError):
        return "srgb" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile))).lower()
    return True  # a damaged one says nothing


def _upright(image: Image.Image) -> Image.Image:
    image.draft("RGB", _stored_size(image))
    upright = ImageOps.exif_transpose(image)
    if (size := _stored_size(upright)) != upright.size:
        upright = upright.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _in_srgb(upright, image.info.get("icc_profile"))


def _encoded(picture: Image.Image) -> bytes:
    picture.info.clear()  # or comments and XMP would be written
    jpeg = BytesIO()
    picture.save(jpeg, "JPEG", quality=QUALITY)
    return jpeg.getvalue()


def _stored_size(image: Image.Image) -> tuple[int, int]:
    share = min(1.0, (STORED_PIXELS / (image.width * image.height)) ** 0.5)
    return max(1, int(image.width * share)), max(1, int(image.height * share))


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if profile is not None and not _is_srgb(profile):
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            own = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, own, _SRGB, outputMode="RGB")
            if converted is not None:
                return converted
    return image.convert("RGB")
