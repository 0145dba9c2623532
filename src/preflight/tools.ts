import { tmpdir } from 'node:os';
import { BuilderError } from '../errors.ts';
import { ProcessError, run } from '../system/process.ts';

/** A program that is called, with what is known of its versions. */
export interface Tool {
  readonly command: string;
  readonly versionArgs: readonly string[];
  /** The oldest version that has what is used of it; undefined: any will do. */
  readonly minimum: string | undefined;
  /** The version that the tests run with. */
  readonly tested: string | undefined;
  /** Debian's package. */
  readonly package: string;
  /** Whether start.sh leaves it alone: only those who ask for what it does need it. */
  readonly isOptional?: true;
}

/** What every build calls. The minimum of each is the first version with an option that is used. */
export const BUILD_TOOLS: readonly Tool[] = [
  { command: 'packer', versionArgs: ['version'], minimum: '1.6.0', tested: '1.6.6', package: 'packer' },
  {
    command: 'ansible-playbook',
    versionArgs: ['--version'],
    minimum: '2.12',
    tested: '2.14',
    package: 'ansible-core',
  },
  { command: 'ssh', versionArgs: ['-V'], minimum: '8.0', tested: '9.2', package: 'openssh-client' },
  {
    command: 'ssh-keygen',
    // It tells no version; without arguments it would make a key.
    versionArgs: ['-?'],
    minimum: undefined,
    tested: undefined,
    package: 'openssh-client',
  },
  {
    command: 'flock',
    versionArgs: ['--version'],
    minimum: undefined,
    tested: undefined,
    package: 'util-linux',
  },
];

/** What local images need on top. */
export const IMAGE_TOOLS: readonly Tool[] = [
  {
    command: 'qemu-system-x86_64',
    versionArgs: ['--version'],
    minimum: '6.0',
    tested: '7.2',
    package: 'qemu-system-x86',
  },
  { command: 'qemu-img', versionArgs: ['--version'], minimum: '5.2', tested: '7.2', package: 'qemu-utils' },
  { command: 'xorriso', versionArgs: ['--version'], minimum: '1.4.8', tested: '1.5.4', package: 'xorriso' },
];

/** What the embedded base image needs on top. */
export const BASE_TOOLS: readonly Tool[] = [
  { command: 'mmdebstrap', versionArgs: ['--version'], minimum: '1.0', tested: '1.3', package: 'mmdebstrap' },
  { command: 'mkfs.ext4', versionArgs: ['-V'], minimum: '1.43', tested: '1.47', package: 'e2fsprogs' },
  { command: 'sgdisk', versionArgs: ['--version'], minimum: undefined, tested: undefined, package: 'gdisk' },
  { command: 'mcopy', versionArgs: ['--version'], minimum: undefined, tested: undefined, package: 'mtools' },
];

/** What signs checksums, by the kind of the key. */
export const SIGNING_TOOLS = {
  gpg: {
    command: 'gpg',
    versionArgs: ['--version'],
    // The first whose agent lets a passphrase be given without its own dialogue.
    minimum: '2.1.12',
    tested: '2.2',
    package: 'gnupg',
    isOptional: true,
  },
  minisign: {
    command: 'minisign',
    versionArgs: ['-v'],
    minimum: undefined,
    tested: '0.11',
    package: 'minisign',
    isOptional: true,
  },
} as const satisfies Readonly<Record<string, Tool>>;

/** How a tool was found. */
export type ToolFinding =
  | { readonly tool: Tool; readonly state: 'ok' | 'too-old'; readonly version: string }
  | { readonly tool: Tool; readonly state: 'missing' }
  | { readonly tool: Tool; readonly state: 'broken'; readonly tail: readonly string[] };

/** Asks each tool for its version, all at once. */
export async function findTools(tools: readonly Tool[], signal?: AbortSignal): Promise<ToolFinding[]> {
  return Promise.all(tools.map((tool) => findTool(tool, signal)));
}

async function findTool(tool: Tool, signal?: AbortSignal): Promise<ToolFinding> {
  // Packer would ask the network for a newer version of itself; Ansible wants to write to a home that may not be writable.
  const env = { ...process.env, CHECKPOINT_DISABLE: '1', ANSIBLE_LOCAL_TEMP: tmpdir() };
  try {
    const { tail } = await run([tool.command, ...tool.versionArgs], {
      env,
      // Tools without a version to tell answer with their usage.
      ...(tool.minimum === undefined ? { acceptExitCodes: [1, 2] } : {}),
      input: '',
      timeoutMs: 30_000,
      ...(signal === undefined ? {} : { signal }),
    });
    const version = /\d+(\.\d+)+/.exec(tail.join('\n'))?.[0] ?? '';
    const isOld = tool.minimum !== undefined && version !== '' && compareVersions(version, tool.minimum) < 0;
    return { tool, state: isOld ? 'too-old' : 'ok', version };
  } catch (thrown) {
    if (thrown instanceof ProcessError && thrown.failure === 'not-found') return { tool, state: 'missing' };
    if (!(thrown instanceof ProcessError)) throw thrown;
    return { tool, state: 'broken', tail: thrown.tail };
  }
}

/** Negative when `left` is the older version, 0 when equal; compares number by number. */
export function compareVersions(left: string, right: string): number {
  const [leftParts, rightParts] = [left, right].map((version) => version.split('.').map(Number));
  const length = Math.max(leftParts?.length ?? 0, rightParts?.length ?? 0);
  for (let place = 0; place < length; place += 1) {
    const difference = (leftParts?.[place] ?? 0) - (rightParts?.[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The error for a tool that keeps a build from starting; undefined for one that is fine. */
export function toolProblem(finding: ToolFinding): BuilderError | undefined {
  const { tool } = finding;
  if (finding.state === 'missing') {
    const install = `apt-get install ${tool.package}`;
    const hint = tool.isOptional
      ? `install it: ${install}`
      : `run ./start.sh, which installs what is missing, or: ${install}`;
    return new BuilderError('tool-missing', `${tool.command} is not installed`, { hint });
  }
  if (finding.state === 'ok') return undefined;
  if (finding.state === 'broken') {
    const call = [tool.command, ...tool.versionArgs].join(' ');
    const why = finding.tail.findLast((line) => line.trim() !== '')?.trim() ?? 'it fails without a word';
    return new BuilderError('tool-missing', `${tool.command} is installed, but does not work: ${why}`, {
      hint: `make this work first: ${call} (Debian's package is ${tool.package})`,
    });
  }
  const message = `${tool.command} ${finding.version} is too old: ${tool.minimum ?? ''} or newer is needed`;
  return new BuilderError('tool-too-old', message, { hint: `install a newer ${tool.package}` });
}
