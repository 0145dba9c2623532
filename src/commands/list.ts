import { baseCommand } from './base.ts';
import { buildCommand } from './build.ts';
import type { CommandDefinition } from './command.ts';
import { convertCommand } from './convert.ts';
import { diffCommand } from './diff.ts';
import { doctorCommand } from './doctor.ts';
import { formatsCommand } from './formats.ts';
import { layersCommand } from './layers.ts';
import { planCommand } from './plan.ts';
import { proveCommand } from './prove.ts';
import { publishCommand } from './publish.ts';
import { reportCommand } from './report.ts';
import { shellCommand } from './shell.ts';
import { userDataCommand } from './user-data.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [
  buildCommand,
  planCommand,
  shellCommand,
  layersCommand,
  doctorCommand,
  baseCommand,
  convertCommand,
  formatsCommand,
  proveCommand,
  reportCommand,
  diffCommand,
  publishCommand,
  userDataCommand,
];
