import { resolve } from 'node:path';
import { builderPolicy } from '../aws/builder-policy.ts';
import { publishPolicy } from '../aws/policy.ts';
import { keyArnsOf, readPublishRequest, type PublishRequest } from '../aws/publish-request.ts';
import { BuilderError } from '../errors.ts';
import { alignColumns } from '../ui/table.ts';
import type { CommandContext, CommandDefinition, CommandInput } from './command.ts';
import { settingsFrom } from './settings-from.ts';

type Action = (target: string | undefined, request: PublishRequest, run: Run) => Promise<void> | void;

interface Run {
  readonly input: CommandInput;
  readonly context: CommandContext;
}

const ACTIONS: Readonly<Record<string, Action>> = { ami: publishAmi, cleanup, policy };

/** `publish ami | cleanup | policy`: a finished disk to Amazon EC2. */
export const publishCommand: CommandDefinition = {
  name: 'publish',
  summary: 'make an Amazon AMI of a finished disk, without an instance: publish ami DIR|FILE; docs/aws.md',
  arguments: [
    {
      name: 'action',
      description: 'ami, cleanup (what earlier runs left) or policy (prints it)',
      required: true,
    },
    {
      name: 'target',
      description: 'of ami: an output or a disk image; of cleanup: an AMI to remove',
      required: false,
    },
  ],
  options: [
    { flags: '--region <name>', description: 'the region (default: AWS_REGION)' },
    { flags: '--name <name>', description: "the AMI's name (default: that of the output or file)" },
    { flags: '--copy-to <regions>', description: 'further regions, separated by commas' },
    { flags: '--share <accounts>', description: 'account ids that may use it, separated by commas' },
    { flags: '--encrypt', description: "encrypt with the account's default key" },
    {
      flags: '--kms-key <arns>',
      description: 'encrypt with a key, one for each region, separated by commas',
    },
    { flags: '--all-blocks', description: 'write zeros too, for instances whose volumes are encrypted' },
    {
      flags: '--boot-mode <mode>',
      description: 'legacy-bios, uefi or uefi-preferred (default: what the disk can)',
    },
    { flags: '--deprecate-at <date>', description: 'when it is to be deprecated, such as 2028-12-31' },
    { flags: '--verify', description: 'read everything back and compare, not only a sample' },
    { flags: '--dry-run', description: 'say what would be made or removed' },
    { flags: '--packer', description: "policy: of the AMI by Packer's builder, not of publishing" },
  ],
  variables: ['IMAGE_PATH', 'AWS_REGION', 'AWS_ACCESS_KEY', 'AWS_SECRET_KEY'],
  run: async (input, context) => {
    const [name = '', target] = input.args;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) {
      throw new BuilderError('settings-invalid', `publish ${name} is not known`, {
        hint: 'say publish ami DIR|FILE, publish cleanup or publish policy',
      });
    }
    const { region } = settingsFrom(input, context).aws;
    const asked = input.options['region'];
    const request = readPublishRequest(input.options, typeof asked === 'string' ? asked : region, Date.now());
    await action(target, request, { input, context });
  },
};

// The code behind these two is loaded when it is wanted: the AWS SDK would slow every other command down.

async function publishAmi(target: string | undefined, request: PublishRequest, run: Run): Promise<void> {
  if (target === undefined) {
    throw new BuilderError('settings-invalid', 'nothing to publish is given', {
      hint: 'say publish ami DIR|FILE',
    });
  }
  const { input, context } = run;
  const { name } = input.options;
  const { publishTarget } = await import('../build/ami/publish.ts');
  const images = await publishTarget(resolve(context.cwd, target), request, {
    name: typeof name === 'string' ? name : undefined,
    settings: settingsFrom(input, context),
    emit: context.emit,
    signal: context.signal,
  });
  const rows = images.map((image) => [image.region, image.id, image.snapshotId, image.name]);
  for (const line of alignColumns(rows)) context.print(line);
}

async function cleanup(target: string | undefined, request: PublishRequest, run: Run): Promise<void> {
  const { input, context } = run;
  const { cleanUp } = await import('../build/ami/publish.ts');
  const removed = await cleanUp(target, request, {
    settings: settingsFrom(input, context),
    signal: context.signal,
  });
  const rows = removed.map(({ region, id, name, why }) => [region, id, name, why]);
  for (const line of alignColumns(rows)) context.print(line);
  const what = request.dryRun ? 'would be removed' : 'removed';
  context.print(removed.length === 0 ? 'nothing to remove' : `${removed.length} ${what}`);
}

function policy(_target: string | undefined, request: PublishRequest, { input, context }: Run): void {
  const { region, copyTo } = request;
  const keyArns = keyArnsOf(request);
  const isPackers = input.options['packer'] === true;
  const text = isPackers ? builderPolicy(region, keyArns) : publishPolicy([region, ...copyTo], keyArns);
  context.print(JSON.stringify(text, null, 2));
}
