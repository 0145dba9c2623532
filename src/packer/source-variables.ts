import type { PackerTemplate } from './template.ts';
import { variablesIn } from './template-values.ts';

/** The variables by which packer-config.json is told of the source AMI. */
export const SOURCE_VARIABLES = [
  'aws_source_ami',
  'aws_source_owner',
  'aws_source_name',
  'aws_root_device',
] as const;

/** Whether a template uses one of them: one of the user's own may name its source by itself. */
export function takesSourceAmi(template: PackerTemplate): boolean {
  const used = variablesIn(template);
  return SOURCE_VARIABLES.some((name) => used.includes(name));
}
