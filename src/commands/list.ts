import { buildCommand } from './build.ts';
import type { CommandDefinition } from './command.ts';
import { doctorCommand } from './doctor.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [buildCommand, doctorCommand];
