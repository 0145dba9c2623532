import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What becomes of a machine that nobody has. */
export interface MachinePlan {
  /** What its serial console says from the start. */
  readonly console?: string;
  /** QEMU's words, when it cannot run the machine at all. */
  readonly refuses?: string;
  /** Whether SSH never answers, as without a network. */
  readonly isSilent?: true;
  /** What happens as soon as somebody was greeted: something on the console, or QEMU's last words. */
  readonly afterGreeting?: { readonly console?: string; readonly words?: string };
  /** Why there is no picture of the screen. */
  readonly screenFailure?: string;
  /** A shell command in place of ssh: by default the machine tells that all is well. */
  readonly ssh?: string;
}

const FAKE_QEMU = join(import.meta.dirname, 'fake-qemu.mjs');

/** Puts a QEMU and an ssh into a folder of PATH that only play a machine. `keyPath` is the private key that opens it. */
export async function fakeMachine(folder: string, keyPath: string, plan: MachinePlan = {}): Promise<void> {
  const [type = '', key = ''] = (await readFile(`${keyPath}.pub`, 'utf8')).split(' ');
  const planFile = join(folder, 'machine.json');
  await writeFile(planFile, JSON.stringify(plan));
  const qemu = `exec ${process.execPath} ${FAKE_QEMU} ${planFile} "$@"`;
  const ssh = plan.ssh ?? sayAllIsWell(`${type} ${key.trim()}`);
  await writeProgram(folder, 'qemu-system-x86_64', '--version', qemu);
  await writeProgram(folder, 'ssh', '-V', ssh);
}

/** A shell script by a program's name; the version is told by the real one. */
async function writeProgram(folder: string, name: string, version: string, script: string): Promise<void> {
  const tellVersion = `[ "$1" != ${version} ] || exec /usr/bin/${name} ${version}`;
  await writeFile(join(folder, name), `#!/bin/sh\n${tellVersion}\n${script}\n`, { mode: 0o755 });
}

/** The facts of a machine that is right, each time another one; what else it is told to do is done here. */
function sayAllIsWell(publicKey: string): string {
  const facts = [
    ...[
      'state\\trunning',
      'interface\\teth0 fake',
      'address\\tinet 10.0.2.15/24',
      'route\\tdefault dev eth0',
    ],
    ...[`root-bytes\\t${2 * 1024 ** 3}`, 'looked\\t/', 'machine-id\\t%s', 'host-key\\tssh-ed25519 %s'],
    `authorized-key\\t${publicKey}`,
  ];
  return `for command; do :; done
case $command in sudo*) ;; *) exec sh -c "$command" ;; esac
id=$(od -An -N16 -tx1 /dev/urandom | tr -d ' ')
cat >/dev/null
printf '${facts.join('\\n')}\\n' "$id" "$id"`;
}
