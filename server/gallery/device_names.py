"""File names that cameras, phones, messengers and programs give: they are nobody's name.

A name without digits is judged by closed lists alone, so that whoever is called otherwise is called as the
file says. Digits make more names certain.
"""

import re
import unicodedata


def _listed(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(","))


WORDS = _listed(
    """img, image, images, imagen, photo, photos, foto, fotos, picture, pictures, pics, scan, scans, snapshot,
    screenshot, screenshots, bildschirmfoto, schermata, schermafbeelding, skjermbilde, capture, webcam,
    unnamed, untitled, unbenannt, noname, download, downloads, clipboard, attachment, thumbnail, whatsapp,
    cimg, dcim, dscf, dsci, dscn, gopr, hpim, imag, imgp, kimg, mvimg, pict, pxl, mmexport, maxresdefault,
    pexels, 微信图片, qq图片, スクリーンショット, 屏幕截图, 屏幕快照"""
)
"""Nobody's name, alone or together, with or without numbers."""
PHRASES = _listed(
    """screen shot, capture d écran, captura de pantalla, captura de tela, captura de ecrã, zrzut ekranu,
    снимок экрана, image from ios, profile picture, camera roll, untitled design, new folder, untitled folder,
    neuer ordner, unbenannter ordner, nouveau dossier, dossier sans titre, nueva carpeta, carpeta sin título,
    nuova cartella, cartella senza titolo, nieuwe map, naamloze map, nowy folder, новая папка, 新建文件夹,
    新しいフォルダー"""
)
"""Nobody's name when these words stand together, with or without numbers."""
NUMBER_DIGITS = 4
"""From so many digits on they are a camera's number or a time."""
DATE_DIGITS = 8
_WITH_NUMBER = WORDS | _listed("dsc, psx")
_WITH_DATE = _WITH_NUMBER | _listed("messenger, received, signal, snapchat, telegram, threema, viber")
"""With what could be initials, or somebody's name, were it not for the digits."""
_BESIDE_NUMBER = _listed(
    """e, wa, fb, hdr, pano, portrait, mp, burst, cover, night, copy, kopie, copie, copia, edit, edited,
    cropped, removebg, preview, at, on, from, am, pm, um, à, às, a, las, alle, ore, kl"""
)
"""What may stand in a device's name beside the words above and a number."""
_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        r"(?:DJI_|SANY|SDC)\d{4,}",  # in lower case these are names
        r"[GPR]\d{7}",  # GoPro, Panasonic, Ricoh
        r"(?:P|VID|WIN|WP)_20\d{6}_.*",  # Asus, Windows
        r"20\d{6}_\d{6}_(?i:hdr|pano|burst\d*)",  # Samsung
        r"[1-9]\d\d_?(?:ANDRO|APPLE|CANON|FUJI|GOPRO|MEDIA|MSDCF|NIKON|OLYMP|PANA)",  # a camera's folder
        r"(?is:(?:screen ?shot|whatsapp|bildschirmfoto).*\d{4}.*)",  # of whatever app
        r"(?i:telegram-cloud-|messenger_creation_|wx_camera_).*\d.*",
        r"\d{6,}(?:_\d{6,})+_[a-z]",  # Facebook
        r"(?i:photo-\d{8,}-[0-9a-f]+)",  # Unsplash
        r"(?i:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})",  # UUID
        r"(?i:(?=.{8})(?=[a-f]*\d+[a-f])[0-9a-f]+)",  # hash
    )
]


def is_device_name(name: str) -> bool:
    """Whether a file's name, without its suffix, or a folder's is one that no person is called by: a
    device's, a program's, or one without any letter."""
    text = unicodedata.normalize("NFC", name).strip()
    digits = sum(map(str.isdigit, text))
    if not any(map(str.isalpha, text)):
        return True
    if digits and any(pattern.fullmatch(text) for pattern in _PATTERNS):
        return True
    words = re.findall(r"[^\W\d_]+", text.casefold())
    telling = WORDS
    if digits >= NUMBER_DIGITS:
        words = [word for word in words if word not in _BESIDE_NUMBER]
        telling = _WITH_DATE if digits >= DATE_DIGITS else _WITH_NUMBER
    return " ".join(words) in PHRASES or (bool(words) and telling.issuperset(words))
