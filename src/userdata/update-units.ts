/**
 * Units of the CoreOS family that put a new system on the disk and reboot into it: in the middle of a build, and later
 * under a payload that was tested on this version. They are masked for good, in the image too, as the original system
 * did: a golden image holds what was built, and is replaced, not updated. `systemctl unmask --now UNIT` undoes it.
 */
export const UPDATE_UNITS = {
  coreos: ['update-engine.service', 'locksmithd.service'],
  flatcar: ['update-engine.service', 'locksmithd.service'],
  'fedora-coreos': ['zincati.service'],
} as const;
