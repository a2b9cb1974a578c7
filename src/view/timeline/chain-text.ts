import { linksOf, linkWords, type Link } from './chain.ts';
import type { Timeline } from './timeline.ts';

/** `Longest chain, 42.1 s: reads the hosts 2.9 s → runtime of cp-1 14.2 s (archive containerd 6.1 s) → API server 17.0 s` */
export function chainText(timeline: Timeline): string {
  const { total, links, rest } = linksOf(timeline);
  const parts = [...links.map(linkText), ...(rest < 0.05 ? [] : [`the rest ${seconds(rest)}`])];
  return `Longest chain, ${seconds(total)}: ${parts.join(' → ')}`;
}

function linkText(link: Link): string {
  const steps = link.steps.map((step) => `${step.what} ${seconds(step.seconds)}`);
  return `${linkWords(link)} ${seconds(link.seconds)}${steps.length === 0 ? '' : ` (${steps.join(', ')})`}`;
}

const seconds = (value: number): string => `${value.toFixed(1)} s`;
