import { setLineBreak } from '../model/shell.ts';
import type { KernelFeature } from '../model/kernel-feature.ts';
import { kernelFeatures } from '../model/kernel-feature.ts';
import type { FoundLine, FoundPart, Search } from './search.ts';

const options = Object.entries(kernelFeatures) as [KernelFeature, string][];
const loaded = '/proc/modules';

/** Modules that are loaded. */
export const kernelLines: Search = {
  files: [loaded],
  patterns: [`^(${options.map(([module]) => module).join('|')}) `],
};

/** Modules that can be loaded, or are built in; `$release` is that of the kernel. */
export const kernelParts: Search = {
  files: ['"/lib/modules/$release/modules.dep"', '"/lib/modules/$release/modules.builtin"'],
  patterns: [`/(${options.map(([module]) => module).join('|')})\\.ko`],
};

/**
 * Shell, after searchLines and searchParts, that prints what the kernel's configuration says of what Pod networks need, if its
 * modules do not tell: it may be compressed. Loads none, and runs few processes: modprobe would be one for each.
 */
export const kernelProbe = `${setLineBreak}
for m in ${options.map(([module]) => module).join(' ')}; do
  case "$parts$n$lines" in *"/$m.ko$n"* | ${[1, 2, 3].map((digits) => `*"${loaded}:"${'[0-9]'.repeat(digits)}":$m "*`).join(' | ')}) continue ;; esac
  { gzip -dc /proc/config.gz || cat "/boot/config-$release" || cat "/lib/modules/$release/config"; } 2>/dev/null |
    grep -E '(${options.map(([, option]) => option).join('|')})[= ]'
  break
done`;

/** What kernelProbe, kernelLines and kernelParts found, and whether the list of the modules on the disk is there. */
export interface KernelSeen {
  readonly config: readonly string[];
  readonly lines: readonly FoundLine[];
  readonly parts: readonly FoundPart[];
  readonly hasModules: boolean;
}

/** What the kernel has, built in, loaded or to be loaded (true), and lacks (false); what is not known is not in it. */
export function readKernel({
  config,
  lines,
  parts,
  hasModules,
}: KernelSeen): Partial<Record<KernelFeature, boolean>> {
  const modules = new Set([
    ...lines.flatMap(({ file, text }) => (file === loaded ? [text.split(' ', 1)[0]] : [])),
    ...parts.flatMap(({ text }) => /^\/(\w+)\.ko$/.exec(text)?.[1] ?? []),
  ]);
  const text = config.join('\n');
  return Object.fromEntries(
    options.flatMap(([module, option]): [KernelFeature, boolean][] => {
      if (modules.has(module) || text.includes(`${option}=y`)) return [[module, true]];
      const isLeftOut = text.includes(`${option}=m`) || text.includes(`${option} is not set`);
      return isLeftOut || hasModules ? [[module, false]] : [];
    }),
  );
}
