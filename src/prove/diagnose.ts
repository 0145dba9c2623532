interface Symptom {
  readonly pattern: RegExp;
  readonly cause: (match: RegExpExecArray) => string;
  /** Whether the machine will come no further: waiting is of no use. */
  readonly isFinal: boolean;
}

const LACKS_DRIVER = 'lacks the driver of this disk controller, or looks for another name';

/** What consoles say of a boot that fails, the deeper cause first. */
const SYMPTOMS: readonly Symptom[] = [
  {
    pattern: /(?:ALERT!\s+|Warning: )(\/dev\/\S+|(?:PART)?(?:UUID|LABEL)=\S+) does not exist/,
    cause: ([, device]) => `no root device: ${device} did not appear; the initramfs ${LACKS_DRIVER}`,
    isFinal: true,
  },
  {
    pattern: /VFS: Unable to mount root fs|Cannot open root device/,
    cause: () => `no root device: the kernel ${LACKS_DRIVER}`,
    isFinal: true,
  },
  {
    pattern: /Kernel panic - not syncing: ([^\r\n]*)/,
    cause: ([, what = '']) => `kernel panic: ${what.trim()}`,
    isFinal: true,
  },
  {
    pattern: /No bootable device|Boot failed: not a bootable disk/,
    cause: () => 'no boot loader: the firmware found nothing to start on the disk',
    isFinal: true,
  },
  {
    pattern: /BdsDxe: No bootable option|UEFI Interactive Shell/,
    cause: () => 'no boot loader for UEFI: the firmware found nothing to start on the disk',
    isFinal: true,
  },
  {
    pattern: /grub rescue>/,
    cause: () => 'the boot loader did not find its files',
    isFinal: true,
  },
  {
    pattern: /You are in (?:emergency|rescue) mode|Entering emergency mode/,
    cause: () => 'the system stopped in emergency mode: a file system that it needs is missing or damaged',
    isFinal: true,
  },
  {
    pattern:
      /(?:Job \S*network\S*\.se\S* *start running|A start job is running for (?:Wait for Network|Raise network))/,
    cause: () =>
      'no network: the system waits for it; the driver of this card is missing, or the interface is not eth0',
    isFinal: false,
  },
  {
    pattern: /Timed out waiting for device (\S+)/,
    cause: ([, device]) => `the device ${device} did not appear`,
    isFinal: false,
  },
  {
    pattern: /error: (?:no such device|unknown filesystem|file `[^']*' not found)[^\r\n]*/,
    cause: ([said]) => `the boot loader did not find its files: ${said}`,
    isFinal: false,
  },
];

/** What a console says that no later output will mend, or undefined. */
export function finalSymptom(serial: string, firmware: string): string | undefined {
  return symptomIn(serial, firmware, (symptom) => symptom.isFinal);
}

/**
 * A guess at why a machine did not answer, from what its serial console and its firmware said. `lastWords` are those of a
 * machine that ended.
 */
export function diagnose(serial: string, firmware: string, lastWords?: string): string {
  const found = symptomIn(serial, firmware, () => true) ?? lastWords;
  if (found !== undefined) return found;
  const interfaces = cloudInitInterfaces(serial);
  if (interfaces.length > 0 && !interfaces.includes('eth0')) {
    return `no network on eth0: the interface is named ${interfaces.join(', ')}`;
  }
  if (/\blogin:/.test(serial)) {
    return 'no network: the system is up (its console asks for a login), but ssh does not answer';
  }
  if (serial.trim() === '') return silence(firmware);
  return 'it did not get as far as ssh in the time that it had';
}

/** SeaBIOS tells when it hands over to the disk. */
function silence(firmware: string): string {
  return firmware.includes('Booting from 0000:7c00')
    ? 'the boot sector was started, and said nothing: no boot loader behind it, or no serial console'
    : 'nothing started: the serial console stayed empty';
}

function symptomIn(
  serial: string,
  firmware: string,
  isWanted: (symptom: Symptom) => boolean,
): string | undefined {
  for (const symptom of SYMPTOMS.filter(isWanted)) {
    const match = symptom.pattern.exec(serial) ?? symptom.pattern.exec(firmware);
    if (match !== null) return symptom.cause(match);
  }
  return undefined;
}

/** The devices, but for lo, in cloud-init's table of the network: `ci-info: | eth0 | True | …`. */
function cloudInitInterfaces(serial: string): readonly string[] {
  const names = [...serial.matchAll(/ci-info: \|\s+([\w.@-]+)\s+\|\s+(?:True|False)\s+\|/g)];
  return [...new Set(names.flatMap(([, name]) => (name === undefined || name === 'lo' ? [] : [name])))];
}

const TAIL_LINES = 12;

/** The last lines of a console for a message; those that only count the time again are left out. */
export function lastLines(console: string): readonly string[] {
  const lines: string[] = [];
  let last = '';
  for (const line of console.split(/\r?\n|\r/).map((text) => text.trim())) {
    const unchanging = line.replaceAll(/[\d*]+|\s+/g, '');
    if (line === '' || unchanging === last) continue;
    lines.push(line);
    last = unchanging;
  }
  return lines.slice(-TAIL_LINES);
}
