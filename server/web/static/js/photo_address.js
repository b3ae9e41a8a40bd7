// Where a photo is, and its thumbnail.
export function photoAddress(path, rest = "") {
  return `/people/photos/${path.split("/").map(encodeURIComponent).join("/")}${rest}`;
}
