import type { Guest } from './guest.ts';

/** A package that is installed. */
export interface GuestPackage {
  readonly name: string;
  readonly version: string;
  /** As the distribution calls it: `amd64`, `all`. */
  readonly architecture: string;
}

/** The packages of an image, in the order of their names; `note` says why a list is empty. */
export interface PackageList {
  readonly packages: readonly GuestPackage[];
  readonly note?: string;
}

const DPKG_STATUS = '/var/lib/dpkg/status';
/** One file a package: images without a package manager, as distroless makes them. */
const DPKG_STATUS_FOLDER = '/var/lib/dpkg/status.d';
/** dpkg(1): all files of a package are there, though something may still have to be set up at the next start. */
const UNPACKED = ['installed', 'unpacked', 'half-configured', 'triggers-awaited', 'triggers-pending'];
const RPM_FOLDERS = ['/usr/lib/sysimage/rpm', '/var/lib/rpm'];

/** Reads which packages are installed, by dpkg's database. */
export async function readPackages(guest: Guest): Promise<PackageList> {
  const status = await guest.readText(DPKG_STATUS);
  const texts = status === undefined ? [] : [status];
  for (const { path, type } of await guest.list(DPKG_STATUS_FOLDER)) {
    // Beside them lie the checksums of their files.
    if (type === 'file' && !path.endsWith('.md5sums')) texts.push((await guest.readText(path)) ?? '');
  }
  if (texts.length > 0) return { packages: eachOnce(texts.flatMap(parseDpkgStatus)).sort(byName) };
  for (const folder of RPM_FOLDERS) {
    const isThere = (await guest.list(folder)).length > 0;
    if (isThere) return { packages: [], note: `its packages are RPM's (${folder}), which are not read` };
  }
  return { packages: [], note: 'it has no list of packages (no dpkg)' };
}

/** The packages whose files are there, by a dpkg status file: dpkg(1), deb-control(5). One without a state is installed. */
export function parseDpkgStatus(text: string): readonly GuestPackage[] {
  return text.split(/\n(?:[ \t]*\n)+/).flatMap((paragraph) => {
    const fields = fieldsOf(paragraph);
    const name = fields.get('package');
    const version = fields.get('version');
    // `install ok installed`: wanted, error, state.
    const state = (fields.get('status') ?? 'installed').split(' ').at(-1) ?? '';
    if (name === undefined || version === undefined || !UNPACKED.includes(state)) return [];
    return [{ name, version, architecture: fields.get('architecture') ?? 'all' }];
  });
}

/** The first lines of fields, by name in small letters; lines that go on begin with a blank. */
function fieldsOf(paragraph: string): ReadonlyMap<string, string> {
  return new Map(
    paragraph.split('\n').flatMap((line) => {
      const colon = line.indexOf(':');
      if (colon < 1 || /^\s/.test(line)) return [];
      return [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const];
    }),
  );
}

/** A layer of a distroless image may tell again of what the status file tells. */
function eachOnce(packages: readonly GuestPackage[]): GuestPackage[] {
  return [...new Map(packages.map((each) => [packageKey(each), each])).values()];
}

/** Architectures of one package beside each other. */
function byName(one: GuestPackage, other: GuestPackage): number {
  const [a, b] = [packageKey(one), packageKey(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What tells packages apart that may be installed beside each other: `libc6:amd64`. */
export function packageKey({ name, architecture }: GuestPackage): string {
  return `${name}:${architecture}`;
}
