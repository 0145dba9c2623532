import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../events.ts';
import { INSTANCE_STEPS, machineSteps, PackerPhases } from './phases.ts';

function fold(lines: readonly string[], end: 'done' | 'failed', steps = machineSteps()) {
  const events: BuildEvent[] = [];
  let nowMs = 0;
  const phases = new PackerPhases(
    (event) => events.push(event),
    steps,
    () => nowMs,
  );
  for (const line of lines) {
    phases.line(line);
    nowMs += 500;
  }
  phases.finish(end);
  return events.map((event) =>
    event.type === 'phase-finished' ? `${event.phase} ${event.outcome} ${event.durationMs}` : event.type,
  );
}

describe('the phases of a packer run', () => {
  it('follow packer from the boot to the conversion', () => {
    const lines = [
      'Retrieving ISO',
      'Starting VM, booting disk image',
      'Using ssh communicator to connect: 127.0.0.1',
      'Connected to SSH!',
      'Provisioning with Ansible...',
      'Gracefully halting virtual machine...',
      'Running post-processor: shell-local',
    ];
    expect(fold(lines, 'done')).toEqual([
      'phase-started',
      'boot done 1000',
      'phase-started',
      'provision done 1000',
      'phase-started',
      'save done 500',
      'phase-started',
      'convert done 500',
    ]);
  });

  it('of an instance have names of their own', () => {
    const lines = [
      'Creating temporary keypair: packer_1',
      'Launching a source AWS instance...',
      'Connected to SSH!',
      'Stopping the source instance...',
      'Terminating the source AWS instance...',
    ];
    expect(fold(lines, 'done', INSTANCE_STEPS).filter((text) => text !== 'phase-started')).toEqual([
      'ami-boot done 500',
      'ami-provision done 500',
      'ami-save done 1000',
    ]);
  });

  it('never go back: a provisioner that prints a marker again does not begin a phase', () => {
    const lines = [
      'Starting VM, booting disk image',
      'Connected to SSH!',
      'Starting VM, again',
      'Connected to SSH!',
    ];
    expect(fold(lines, 'done')).toEqual([
      'phase-started',
      'boot done 500',
      'phase-started',
      'provision done 1500',
    ]);
  });

  it('end as failed where packer failed', () => {
    expect(fold(['Starting VM, booting disk image'], 'failed')).toEqual(['phase-started', 'boot failed 500']);
  });

  it('need not exist: packer may fail before any', () => {
    expect(fold(['Build errored'], 'failed')).toEqual([]);
  });
});
