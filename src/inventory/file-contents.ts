import type { SourceDocument } from './source.ts';
import { substitute, type Environment } from './environment.ts';
import { describePath, offsetOf, type Path } from './position.ts';
import { recordOf } from '../model/record.ts';

/**
 * Substitutes environment variables in the content of each entry of spec.files with `substitute: true`; the other
 * contents stay as they were written. Merge keys have been applied, so `substitute` may come from an anchor.
 */
export function withFileContents(document: SourceDocument, env: Environment): SourceDocument {
  const problems = [...document.problems];
  const unreadable = [...document.unreadable];
  const taken = [...document.taken];
  const read = (file: unknown, index: number): unknown => {
    const { substitute: asked, content } = recordOf(file) ?? {};
    if (asked !== true || typeof content !== 'string') return file;
    const path: Path = ['spec', 'files', index, 'content'];
    const result = substitute(content, env);
    if (result.taken.length > 0) taken.push({ path, taken: result.taken });
    const offset = offsetOf(document.place, { path });
    for (const problem of result.problems)
      problems.push({ offset, message: `${describePath(path)}: ${problem}` });
    if (result.problems.length > 0) unreadable.push(path);
    return { ...recordOf(file), content: result.problems.length > 0 ? undefined : result.text };
  };
  const data = recordOf(document.data) ?? {};
  const spec = recordOf(data['spec']) ?? {};
  const files = spec['files'];
  if (!Array.isArray(files)) return document;
  return {
    ...document,
    data: { ...data, spec: { ...spec, files: files.map((file, index) => read(file, index)) } },
    problems,
    unreadable,
    taken,
  };
}
