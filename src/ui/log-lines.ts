import type { TimedEvent } from '../events.ts';
import { formatDuration } from './duration.ts';
import {
  amiText,
  artifactText,
  currentText,
  failedText,
  layerResumedText,
  layerSavedText,
  noticeText,
  phaseFinishedText,
  progressText,
  provenText,
  taskFinishedText,
  taskSpeaker,
} from './event-text.ts';
import { layerLines, planLines } from './plan-text.ts';
import { ProgressGate } from './progress-gate.ts';
import { paintLine } from './styled-line.ts';
import { cleanText } from './text-width.ts';

/**
 * Makes the function that turns each event into the lines of build.log, without line ends: everything that
 * happened, with its time (UTC), and the whole output of the tools. Of progress only the quarters are kept.
 */
export function createLogFormatter(): (event: TimedEvent) => readonly string[] {
  const gate = new ProgressGate();
  return (event) => {
    if (event.type === 'phase-started') gate.forget(event.phase);
    if (event.type === 'progress' && !gate.admits(event, event.timeMs)) return [];
    const time = new Date(event.timeMs).toISOString();
    return logTexts(event).map((text) => `${time} ${text}`);
  };
}

function logTexts(event: TimedEvent): readonly string[] {
  switch (event.type) {
    case 'plan-made':
      return planLines(event.rows).map((line) => `plan: ${paintLine(line, false)}`);
    case 'layers-planned':
      return layerLines(event).map((line) => `layers: ${paintLine(line, false)}`);
    case 'image-proven':
      return [`prove: ${provenText(event)}`];
    case 'layer-saved':
      return [layerSavedText(event)];
    case 'layer-resumed':
      return [layerResumedText(event)];
    case 'output-current':
      return [currentText(event)];
    case 'phase-started':
      return [`${event.phase}: ${cleanText(event.title)}`];
    case 'phase-finished':
      return [phaseFinishedText(event)];
    case 'progress':
      return [progressText(event)];
    case 'task-started':
      return [`${taskSpeaker(event.phase)}: ${cleanText(event.play)}: ${cleanText(event.task)}`];
    case 'task-finished':
      return [taskFinishedText(event)];
    case 'notice':
      return [noticeText(event)];
    case 'tool-output':
      return linesOf(event.line).map((line) => `${event.tool}> ${line}`);
    case 'artifact-made':
      return [`${artifactText(event)}, sha256 ${event.sha256}`];
    case 'ami-made':
      return [amiText(event)];
    case 'build-finished':
      return [`finished in ${formatDuration(event.durationMs)}: ${cleanText(event.directory)}`];
    case 'build-failed':
      return [
        failedText(event),
        ...(event.tail ?? []).map((line) => `  | ${cleanText(line)}`),
        ...(event.hint === undefined ? [] : [`hint: ${cleanText(event.hint)}`]),
      ];
  }
}

/** A tool's line may hold several: Ansible's messages do. */
function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/).map(cleanText);
}
