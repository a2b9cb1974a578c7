#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { readOwnBytes } from '../model/own-files.ts';
import { codeCacheName, compile, run, scriptName } from './script.ts';

/*
 * The command of a build. Compiling kboot takes a third of the time of a `kboot plan` of five hosts with nothing to do, so the
 * build keeps what V8 has compiled (scripts/code-cache.ts), and this uses it if it is of this Node.
 */

const script = new URL(scriptName, import.meta.url);
const source = readOwnBytes(script)?.toString('utf8');
if (source === undefined) throw new Error(`${fileURLToPath(script)} is missing: install kboot again`);
run(compile(source, readOwnBytes(new URL(codeCacheName, import.meta.url))), fileURLToPath(script));
