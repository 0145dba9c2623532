/** How to log in to a machine through a port of the loopback address. */
export interface GuestLogin {
  readonly port: number;
  /** The path of the private key. */
  readonly keyPath: string;
  readonly user: string;
}

/** The machine is made anew each time: its host key says nothing, and must not get into the user's files. */
const FRESH_MACHINE = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
/** Nothing of the user's own keys, nobody there to ask, and no connection that outlives its command. */
export const UNATTENDED_OPTIONS = [
  ...FRESH_MACHINE,
  'BatchMode=yes',
  'IdentitiesOnly=yes',
  'IdentityAgent=none',
  'ControlMaster=no',
  'ControlPath=none',
];

/** `ssh` for a person at a terminal. */
export function sessionArgs(login: GuestLogin): string[] {
  return ['ssh', ...loginArgs(login, FRESH_MACHINE)];
}

/** `ssh` for a command that runs by itself, with this key alone. Its exit code is the command's; 255 is ssh's own. */
export function commandArgs(login: GuestLogin, connectTimeoutSeconds: number, command: string): string[] {
  const options = [...UNATTENDED_OPTIONS, `ConnectTimeout=${connectTimeoutSeconds}`];
  return ['ssh', '-F', 'none', ...loginArgs(login, options), command];
}

/** ssh's own exit code, as against the command's. */
export const NO_CONNECTION = 255;

function loginArgs({ port, keyPath, user }: GuestLogin, options: readonly string[]): string[] {
  return [
    ...['-p', `${port}`, '-i', keyPath],
    ...options.flatMap((option) => ['-o', option]),
    `${user}@127.0.0.1`,
  ];
}
