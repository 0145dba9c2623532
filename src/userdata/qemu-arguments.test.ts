import { expect, it } from 'vitest';
import { qemuArguments } from './qemu-arguments.ts';
import { planUserData } from './user-data.ts';

it.each([
  ['debian', '/a,b/x.iso', ['-drive', 'file=/a,,b/x.iso,format=raw,media=cdrom,index=2,readonly=on']],
  ['flatcar', '/a,b/x.ign', ['-fw_cfg', 'name=opt/org.flatcar-linux/config,file=/a,,b/x.ign']],
] as const)('hands the data of %s over, with commas in the path kept', (family, file, argv) => {
  const data = planUserData({ family, publicKey: 'ssh-ed25519 AAAA', hostname: 'host' });
  expect(qemuArguments(data, file)).toEqual(argv);
});
