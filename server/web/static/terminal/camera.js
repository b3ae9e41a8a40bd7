// The camera: opened, chosen among several, explained when it cannot be had.

const WANTED = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15, max: 30 } };

/** A stream of the camera of this id; of the front camera where there is none, or no such. */
export async function openCamera(id) {
  const chosen = id ? { deviceId: { exact: id } } : { facingMode: { ideal: "user" } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { ...WANTED, ...chosen }, audio: false });
  } catch (error) {
    if (!id || !["OverconstrainedError", "NotFoundError"].includes(error.name)) throw error;
    return openCamera(null);
  }
}

/** [{id, label}] of all cameras. Browsers tell labels once a camera has been allowed. */
export async function cameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter((device) => device.kind === "videoinput" && device.deviceId)
    .map((device, index) => ({ id: device.deviceId, label: device.label || `Camera ${index + 1}` }));
}

const EXPLANATIONS = {
  NotAllowedError: {
    title: "The camera is blocked",
    text: "This page may not use the camera. Allow it in the browser's address bar or in its settings for this site, then try again.",
  },
  NotFoundError: { title: "There is no camera", text: "Connect a camera: it is taken as soon as it is there." },
  NotReadableError: {
    title: "The camera is in use",
    text: "Another program or page has the camera, or it does not answer. Close what uses it: it is taken as soon as it is free.",
  },
};

/** {title, text}: why there is no camera, and what can be done. */
export function explained(error) {
  return (
    EXPLANATIONS[error.name] ?? {
      title: "The camera cannot be used",
      text: `The browser says: ${error.message || error.name}`,
    }
  );
}
