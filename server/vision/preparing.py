"""Makes an uploaded photo fit for the gallery: upright, in sRGB, no larger than needed, without metadata."""

import contextlib
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from server.access.seen import PictureError, PreparedPhoto
from server.vision.boxes import scaled
from server.vision.jpeg_segments import without_metadata
from server.vision.models import Models
from server.vision.photo import MAX_PIXELS, look_at_photo
from server.vision.picture import DAMAGED_PICTURE, decode_photo, open_picture, refuse_many_scans
from server.vision.thumbnails import DETAIL, SIDE, cut

STORED_PIXELS = 4_000_000
"""Most pixels of a photo in the gallery: a face of 1/20 of the longer side still has 100 of them across."""
QUALITY = 95
_ORIENTATION = 0x0112
"""EXIF's tag; 1: as it is."""
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_HEIC_HINT = "install pillow-heif on the server, or have the phone make jpg photos (iPhone: Most Compatible)"


def prepare_photo(models: Models, data: bytes) -> PreparedPhoto:
    """`data`: a JPEG, PNG, WebP or HEIC of at most `MAX_PIXELS`.

    A JPEG that is fit as it is loses its metadata only. Raises PictureError, PictureTooLargeError.
    """
    jpeg = _fit(data)
    outcome, box = look_at_photo(models, jpeg)
    picture, factor = decode_photo(jpeg, MAX_PIXELS, DETAIL * SIDE)
    thumbnail = cut(picture, scaled(box, 1 / factor) if box else None)
    return PreparedPhoto(jpeg, outcome, box, thumbnail)


def _fit(data: bytes) -> bytes:
    image = _opened(data)
    try:
        if image.format == "JPEG" and _is_fit(image):
            image.load()
            return without_metadata(data)
        return _as_jpeg(image)
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


def _as_jpeg(image: Image.Image) -> bytes:
    image.draft("RGB", _stored_size(image))
    upright = ImageOps.exif_transpose(image)
    if (size := _stored_size(upright)) != upright.size:
        upright = upright.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    picture = _in_srgb(upright, image.info.get("icc_profile"))
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
