import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { ProcessError, run } from '../system/process.ts';
import { earlyGrubConfig, grubConfig, grubDefaults } from './boot-loader.ts';
import { type DebianRecipe, type RecipeFile, recipeUuid } from './debian-recipe.ts';

/** What every disk needs to start, whatever else is on it. */
const BOOT_PACKAGES = [
  'e2fsprogs',
  'grub-efi-amd64-bin',
  'grub-pc-bin',
  'grub2-common',
  'initramfs-tools',
  'kmod',
  'linux-image-amd64',
  'systemd-sysv',
  'udev',
  'zstd',
];

/** Manuals and translations: 70 MB that nobody reads on a server. Licences stay. */
const LEFT_OUT = ['/usr/share/man/*', '/usr/share/locale/*', '/usr/share/doc/*'];

/** GRUB modules that must be inside its image: enough to find the root, where all the others are. */
const CORE_MODULES = ['part_gpt', 'ext2', 'search_fs_uuid', 'normal'];

/** Where the tree keeps what the disk maker takes out of it. */
export const GRUB_IMAGES = {
  boot: 'boot/grub/i386-pc/boot.img',
  core: 'boot/grub/i386-pc/core.img',
  efi: 'boot/grub/x86_64-efi/core.efi',
} as const;

const RECIPE_SCRIPT = '/root/.recipe.sh';
const BOOT_SCRIPT = '/root/.boot.sh';
const EARLY_CONFIG_PATH = '/boot/grub/early.cfg';

/** Stages of mmdebstrap, by the start of the line that it prints, and how far the work is when they start. */
const STAGES: readonly (readonly [string, number])[] = [
  ['I: running apt-get update', 0.02],
  ['I: downloading packages', 0.05],
  ['I: extracting archives', 0.08],
  ['I: installing essential', 0.15],
  ['I: installing remaining', 0.3],
  ['Unpacking linux-image', 0.55],
  ['Setting up linux-image', 0.65],
  ['Setting up python3 ', 0.7],
  ['I: running --customize-hook', 0.8],
  ['update-initramfs: Generating', 0.82],
  ['I: cleaning', 0.98],
];

/** How far mmdebstrap is, 0 to 1, when the line starts a stage. */
export function stageFraction(line: string): number | undefined {
  return STAGES.find(([start]) => line.startsWith(start))?.[1];
}

/** The mmdebstrap command that fills `tree`; the overlay is laid over it, and its script run, at the end. */
export function debootstrapArgs(recipe: DebianRecipe, tree: string): readonly string[] {
  const packages = [...new Set([...BOOT_PACKAGES, ...recipe.packages])].sort();
  return [
    'mmdebstrap',
    '--verbose',
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    `--include=${packages.join(',')}`,
    ...LEFT_OUT.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    // The tree is thrown away when anything fails; the guest's own dpkg does not get this option.
    '--dpkgopt=force-unsafe-io',
    '--customize-hook=cp -R --preserve=mode "$NETSIL_BUILDER_OVERLAY/." "$1"',
    `--customize-hook=chroot "$1" sh -eu ${RECIPE_SCRIPT}`,
    `--customize-hook=chroot "$1" sh -eu ${BOOT_SCRIPT}`,
    `--customize-hook=rm "$1${RECIPE_SCRIPT}" "$1${BOOT_SCRIPT}" "$1${EARLY_CONFIG_PATH}"`,
    recipe.suite,
    tree,
  ];
}

/** The recipe's files and those that make the disk start. */
export function overlayFiles(recipe: DebianRecipe): readonly RecipeFile[] {
  return [
    { path: '/etc/fstab', content: fileSystemTable(recipe) },
    { path: '/etc/default/grub', content: grubDefaults(recipe) },
    { path: '/etc/initramfs-tools/conf.d/resume', content: 'RESUME=none\n' },
    { path: '/boot/grub/grub.cfg', content: grubConfig(recipe), mode: 0o600 },
    { path: EARLY_CONFIG_PATH, content: earlyGrubConfig(recipe) },
    ...recipe.files,
    { path: RECIPE_SCRIPT, content: recipe.script },
    { path: BOOT_SCRIPT, content: BOOT_COMMANDS },
  ];
}

const BOOT_COMMANDS = `mkdir -p /boot/efi /boot/grub/i386-pc /boot/grub/x86_64-efi
cp /usr/lib/grub/i386-pc/*.mod /usr/lib/grub/i386-pc/*.lst /usr/lib/grub/i386-pc/boot.img /boot/grub/i386-pc/
cp /usr/lib/grub/x86_64-efi/*.mod /usr/lib/grub/x86_64-efi/*.lst /boot/grub/x86_64-efi/
grub-mkimage -O i386-pc -o /${GRUB_IMAGES.core} -p /boot/grub -c ${EARLY_CONFIG_PATH} biosdisk ${CORE_MODULES.join(' ')}
grub-mkimage -O x86_64-efi -o /${GRUB_IMAGES.efi} -p /boot/grub -c ${EARLY_CONFIG_PATH} fat ${CORE_MODULES.join(' ')}
update-initramfs -c -k all
# The kernel's package links /vmlinuz; it links /initrd.img only to one that it made itself.
for image in /boot/initrd.img-*; do ln -sf "\${image#/}" /initrd.img; done
sed -i /force-unsafe-io/d /etc/dpkg/dpkg.cfg.d/99mmdebstrap
`;

/** The EFI partition is not mounted at boot: nothing needs it there, and `mount /boot/efi` works. */
function fileSystemTable(recipe: DebianRecipe): string {
  return [
    `UUID=${recipeUuid(recipe, 'root-file-system')} / ext4 defaults,discard,x-systemd.growfs,errors=remount-ro 0 1`,
    `PARTUUID=${recipeUuid(recipe, 'efi')} /boot/efi vfat noauto,umask=0077 0 0`,
    '',
  ].join('\n');
}

export interface MakeTreeOptions {
  readonly emit: Emit;
  readonly signal?: AbortSignal;
}

/**
 * Installs the recipe's packages, files and boot loader into a new folder `tree`.
 * Fails with `base-make-failed`; the folder is then incomplete, and the caller's to remove.
 */
export async function makeRootTree(
  recipe: DebianRecipe,
  tree: string,
  overlay: string,
  options: MakeTreeOptions,
): Promise<void> {
  await writeOverlay(overlay, overlayFiles(recipe));
  let reached = -1;
  const progress = (fraction: number): void => {
    // Some stages' lines come twice; progress never goes back.
    if (fraction <= reached) return;
    reached = fraction;
    options.emit({ type: 'progress', phase: 'base', item: 'packages', fraction });
  };
  progress(0);
  const argv = [...(await privateMounts()), ...debootstrapArgs(recipe, tree)];
  try {
    await run(argv, {
      env: installerEnvironment(overlay),
      capture: false,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onLine: (line) => {
        options.emit({ type: 'tool-output', tool: 'mmdebstrap', line });
        const fraction = stageFraction(line);
        if (fraction !== undefined) progress(fraction);
      },
    });
  } catch (thrown) {
    throw treeFailure(thrown);
  }
  progress(1);
}

function installerEnvironment(overlay: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    NETSIL_BUILDER_OVERLAY: overlay,
    // The kernel's package would make an initramfs, and a trigger would make it again; the script makes the only one.
    INITRD: 'No',
  };
}

async function writeOverlay(overlay: string, files: readonly RecipeFile[]): Promise<void> {
  for (const file of files) {
    const path = join(overlay, file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.content);
    // Not by writeFile's own option, which the umask cuts.
    await chmod(path, file.mode ?? 0o644);
  }
}

/**
 * mmdebstrap mounts /proc and more inside the tree. In a mount namespace of its own those mounts end with it,
 * whatever happens. A container without the right to mount gets none, and needs none.
 */
async function privateMounts(): Promise<readonly string[]> {
  const wrapper = ['unshare', '--mount', '--'];
  return run([...wrapper, 'true']).then(
    () => wrapper,
    () => [],
  );
}

function treeFailure(thrown: unknown): unknown {
  if (!(thrown instanceof ProcessError) || thrown.failure === 'aborted') return thrown;
  if (thrown.failure === 'not-found') return thrown;
  const offline = thrown.tail.some((line) => NETWORK_TROUBLE.test(line));
  const what = offline ? 'the Debian packages cannot be fetched' : 'mmdebstrap failed';
  return new BuilderError('base-make-failed', `cannot make the Debian base image: ${what}`, {
    hint: offline
      ? 'check the network (apt-get update must work here), or give a base image with BASE_IMAGE'
      : 'see the last lines of mmdebstrap, or give a base image with BASE_IMAGE',
    tail: thrown.tail,
    cause: thrown,
  });
}

const NETWORK_TROUBLE =
  /could not resolve|temporary failure resolving|could not connect|unable to connect|failed to fetch|connection (timed out|refused)|network is unreachable/i;
