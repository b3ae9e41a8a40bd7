"""What devices call their files enrols nobody; whatever people are called does."""

import re
from pathlib import PurePath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.gallery.device_names import PHRASES, WORDS, is_device_name
from server.gallery.names import person_name

DEVICE_NAMES = """
IMG_1234
IMG_E1234
IMG1234
img_0001
IMG_1234 2
IMG_1234 (1)
IMG_20261122_083005
IMG_20261122_083005_HDR
IMG_20261122_083005~2
IMG20261122083005
IMG-20261122-WA0001
00000IMG_00000_BURST20261122083005123_COVER
IMG_1234-removebg-preview
IMG_1234_edited
Img
DSC0001
DSC_0001
DSC00001
_DSC0001
DSCF0001
DSCN0001
DSCI0001
dscf0001
CIMG0001
IMGP0001
PICT0001
GOPR0001
G0010001
P1010001
R0010001
DJI_0001
SANY0001
IMAG0001
KIMG0001
HPIM0001
P_20261122_083005
MVIMG_20261122_083005
PXL_20261122_083005123
PXL_20261122_083005123.PORTRAIT
PXL_20261122_083005123.MP
20261122_083005
20261122_083005_HDR
20261122_083005(0)
2026-11-22 08.30.05
WIN_20261122_08_30_05_Pro
WP_20261122_08_30_05_Pro
100APPLE
101_PANA
100CANON
DCIM
Photo on 11-22-26 at 8.30 AM
Foto am 22.11.26 um 08.30
Photo 1
Screenshot 2026-11-22 at 08.30.05
Screenshot 2026-11-22 at 8.30.05\u202fAM
Screenshot_20261122-083005_Chrome
Screenshot from 2026-11-22 08-30-05
Screenshot (12)
Screenshot
Screen Shot 2026-11-22 at 8.30.05 AM
Bildschirmfoto 2026-11-22 um 08.30.05
Capture d’écran 2026-11-22 à 08.30.05
Captura de pantalla 2026-11-22
Снимок экрана 2026-11-22
スクリーンショット 2026-11-22 8.30.05
WhatsApp Image 2026-11-22 at 08.30.05
WhatsApp Image 2026-11-22 at 8.30.05 AM (2)
WhatsApp Bild 2026-11-22 um 08.30.05_1a2b3c4d
PHOTO-2026-11-22-08-30-05
signal-2026-11-22-083005
signal-2026-11-22-08-30-05-123
photo_2026-11-22_08-30-05
telegram-cloud-photo-size-2-5123456789-y
viber_image_2026-11-22_08-30-05-123
received_1234567890123456
FB_IMG_1234567890123
Snapchat-1234567890
Messenger_creation_1234abcd
12345678_1234567890123456_1234567890_n
mmexport1234567890123
wx_camera_1234567890123
微信图片_20261122083005
Image from iOS
image
image0
image001
image (3)
images
photo
photos
foto
Foto 2
picture
unnamed
unnamed (1)
download
download (2)
Untitled
Untitled design (4)
photo-1500648767791-00dcc994a43e
scan0001
2
7
12-34
007
1234567890
٣
123e4567-e89b-12d3-a456-426614174000
123E4567-E89B-12D3-A456-426614174000
d41d8cd98f00b204e9800998ecf8427e
da39a3ee5e6b4b0d3255bfef95601890afd80709
1a2b3c4d
New folder
New folder (2)
Neuer Ordner
untitled folder 3
新建文件夹
""".strip().split("\n")

REAL_NAMES = """
Ng
Li Na
O'Brien
Jean-Luc Picard
X Æ A-12
Photo Ioannou
Image Smith
Foto Papadopoulou
Sam
Dji
Win
Wa
Vid
Pic
Line
On
Um
Ore
Signal
Signal Iduna
Camera
Giulia Camera
Nova Pasta
Pasta
Page
Bild
Max Bild
Thumb
Apple Martin
Jane Copy
Copia
Kopie
Abe
Ada
Fee
Bea Abbe
Decade Facade
Dee
E
Å
Ö
De
J
J. K. Rowling
JFK
DSC
PSX
Sany
Sdc
R2-D2
Agent 7 Smith
agent 007
Henry 8
King Charles III
Louis XIV
Malcolm X
Prince
Björk
Þórr
Ðorđe Đoković
Nguyễn Văn A
Şükrü Saracoğlu
Łukasz Żółć
Zoë Kravitz
María José de la O
Jürgen Groß
Nuñez y Domínguez
d'Artagnan
ʻAulani Kealoha
Renée O’Connor
Abu Bakr al-Baghdadi
bin Laden
van der Sar
von und zu Liechtenstein
李小龙
毛泽东
一
田中 さくら
タナカ
김정은
Александр Пушкин
Снимок Иванов
Γιώργος Φώτος
محمد علی
דָּוִד בֶּן־גּוּרִיּוֹן
अमिताभ बच्चन
สมชาย ใจดี
தமிழ் செல்வன்
გიორგი
Հայկ
ابن سينا
አበበ ቢቂላ
ᏍᏏᏉᏯ
Null
None
Test
True
Admin
Unknown
Nemo
Null Island
Mr. T
50 Cent
6ix9ine
André 3000
will.i.am
Ke$ha
P!nk
Ty Dolla $ign
deadmau5
blink-182
Jennifer 8. Lee
Seven of Nine
C-3PO
Number 6
Person 12
Employee 10234
Guest-2026
visitor 20261122
jane 2026-11-22
jane_20261122_083005
ada20261122
123 Maria
Maria 1990
Download Jones
Scan Dinavia
Capture Jones
Image of Jane
Folder
New
Newman
Ordner
""".strip().split("\n")


@pytest.mark.parametrize("name", DEVICE_NAMES)
def test_what_devices_and_programs_call_files_enrols_nobody(name: str) -> None:
    with pytest.raises(ValueError, match=r"the file's name is .* like barack_obama\.jpg"):
        person_name(PurePath(f"{name}.jpg"))
    with pytest.raises(ValueError, match=r"the folder's name is .* like barack_obama"):
        person_name(PurePath(name, "barack_obama.jpg"))


@pytest.mark.parametrize("name", DEVICE_NAMES)
def test_in_a_persons_folder_any_file_name_is_fine(name: str) -> None:
    assert person_name(PurePath("barack_obama", f"{name}.jpg")) == "Barack Obama"


@pytest.mark.parametrize("name", REAL_NAMES)
def test_whoever_is_called_so_is_enrolled(name: str) -> None:
    typed = {name, name.lower(), name.upper(), name.replace(" ", "_"), name.replace(" ", "-")}
    for stem in typed:
        assert person_name(PurePath(f"{stem}.jpg"))
        assert person_name(PurePath(f"{stem}_2.jpg"))
        assert person_name(PurePath(stem, "IMG_1234.jpg"))


def test_only_the_mark_that_macos_puts_behind_a_copy_is_taken_for_one() -> None:
    names = {person_name(PurePath(f"{stem}.jpg")) for stem in ("Jane Copy", "jane_copy")}
    assert names == {"Jane Copy"} and person_name(PurePath("jane copy.jpg")) == "Jane"


words = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)


@given(st.lists(words, min_size=1, max_size=4), st.sampled_from(" _-"))
def test_no_name_of_letters_is_refused_that_is_not_listed(parts: list[str], between: str) -> None:
    name = between.join(parts)
    if is_device_name(name):
        found = re.findall(r"[^\W\d_]+", name.casefold())
        assert WORDS.issuperset(found) or " ".join(found) in PHRASES


people = [name for name in REAL_NAMES if name.isascii() and name.replace(" ", "").isalpha()]


@given(
    st.sampled_from(people), st.sampled_from(people), st.integers(0, 999), st.sampled_from(["_", " ", "-"])
)
def test_first_and_last_names_of_real_people_in_any_combination(
    first: str, last: str, number: int, between: str
) -> None:
    assume((first, last) != ("New", "Folder"))
    stem = f"{first}{between}{last}"
    assert person_name(PurePath(f"{stem}_{number}.jpg")) == person_name(PurePath(f"{stem}.jpg"))


def test_the_lists_hold_what_can_be_found() -> None:
    for name in WORDS | PHRASES:
        assert name == name.casefold().strip() and is_device_name(name), name
