import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import type { Tensor, Variable } from '@downhill/tensor';
import { decodeNpy, encodeNpy } from './npy.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  type EncodeSafetensorsOptions,
  type Safetensors,
} from './safetensors.js';

// Files, in Node only: an entry of its own, so that what bundles the package for a page never meets Node's modules.

/** Reads a safetensors file; see `decodeSafetensors`. Error messages begin with the path. */
export async function readSafetensors(path: string): Promise<Safetensors> {
  return decodeSafetensors(await readFile(path), { source: path });
}

/** Writes a safetensors file; see `encodeSafetensors`. It appears whole or not at all, and replaces one of its name. */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor | Variable>>,
  options?: EncodeSafetensorsOptions,
): Promise<void> {
  await writeWhole(path, await encodeSafetensors(tensors, options));
}

/** Reads an `.npy` file; see `decodeNpy`. Error messages begin with the path. */
export async function readNpy(path: string): Promise<Tensor> {
  return decodeNpy(await readFile(path), { source: path });
}

/** Writes an `.npy` file; see `encodeNpy`. It appears whole or not at all, and replaces one of its name. */
export async function writeNpy(path: string, value: Tensor | Variable): Promise<void> {
  await writeWhole(path, await encodeNpy(value));
}

/** Writes beside `path`, waits until the disk has it, and renames: who opens `path` sees the old file or the new. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
