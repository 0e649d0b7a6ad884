/** A piece of work that can be repeated, and the size of one repetition. */
export type Kernel = {
  readonly encode: (pass: GPUComputePassEncoder) => void;
  readonly gflop: number;
  readonly gbyte: number;
  /** Frees its memory. */
  readonly free: () => void;
};

const TILE = 16;
const THREADS = 64;
const STORAGE = 0x80; // GPUBufferUsage.STORAGE of the WebGPU specification, § buffer usages

/** C = A·B of N×N numbers in tiles: as heavy in arithmetic as a card's memory allows, like a diffusion model's layers. */
const matrixProduct = (n: number): string => `
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
var<workgroup> ta: array<array<f32, ${TILE}>, ${TILE}>;
var<workgroup> tb: array<array<f32, ${TILE}>, ${TILE}>;
@compute @workgroup_size(${TILE}, ${TILE})
fn main(@builtin(global_invocation_id) at: vec3u, @builtin(local_invocation_id) own: vec3u) {
  var sum = 0.0;
  for (var t = 0u; t < ${n / TILE}u; t++) {
    ta[own.y][own.x] = a[at.y * ${n}u + t * ${TILE}u + own.x];
    tb[own.y][own.x] = b[(t * ${TILE}u + own.y) * ${n}u + at.x];
    workgroupBarrier();
    for (var k = 0u; k < ${TILE}u; k++) { sum += ta[own.y][k] * tb[k][own.x]; }
    workgroupBarrier();
  }
  c[at.y * ${n}u + at.x] = sum;
}`;

const COLUMNS = 1024;
/** y = M·x, one row per thread: every weight is read once and used once, like a model that writes token after token. */
const matrixVector = (rows: number): string => `
@group(0) @binding(0) var<storage, read> m: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) at: vec3u) {
  var sum = 0.0;
  // neighbouring threads read neighbouring numbers
  for (var k = 0u; k < ${COLUMNS / 4}u; k++) { sum += dot(m[k * ${rows}u + at.x], x[k]); }
  y[at.x] = sum;
}`;

const PER_ROW = 32_768 * THREADS; // dispatches are at most 65,535 workgroups per dimension

/**
 * Numbers between −1 and 1, the same on every card: a new buffer holds zeros, and a card that multiplies zeros switches
 * fewer transistors and draws less. PCG hash: Jarzynski and Olano, Hash Functions for GPU Rendering, JCGT 9(3), 2020.
 */
const NUMBERS = `
@group(0) @binding(0) var<storage, read_write> to: array<f32>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) at: vec3u) {
  let i = at.y * ${PER_ROW}u + at.x;
  if (i >= arrayLength(&to)) { return; }
  let state = i * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  to[i] = f32((word >> 22u) ^ word) / 2147483648.0 - 1.0;
}`;

function pipelineOf(device: GPUDevice, code: string): GPUComputePipeline {
  const module = device.createShaderModule({ code });
  return device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
}

function groupOf(device: GPUDevice, pipeline: GPUComputePipeline, buffers: readonly GPUBuffer[]): GPUBindGroup {
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  return device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
}

/** The work of a pipeline on its own buffers; all but the last, which it writes, hold numbers. */
function workOf(device: GPUDevice, code: string, sizes: readonly number[], groups: readonly [number, number]) {
  const buffers = sizes.map((size) => device.createBuffer({ size, usage: STORAGE }));
  const numbers = pipelineOf(device, NUMBERS);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(numbers);
  for (const buffer of buffers.slice(0, -1)) {
    const count = buffer.size / 4;
    pass.setBindGroup(0, groupOf(device, numbers, [buffer]));
    pass.dispatchWorkgroups(Math.ceil(Math.min(count, PER_ROW) / THREADS), Math.ceil(count / PER_ROW));
  }
  pass.end();
  device.queue.submit([encoder.finish()]);
  const pipeline = pipelineOf(device, code);
  const group = groupOf(device, pipeline, buffers);
  return {
    encode(pass: GPUComputePassEncoder): void {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...groups);
    },
    free: () => buffers.forEach((buffer) => buffer.destroy()),
  };
}

/** @param n a multiple of 16 */
export function diffusionKernel(device: GPUDevice, n: number): Kernel {
  const size = n * n * 4;
  return {
    ...workOf(device, matrixProduct(n), [size, size, size], [n / TILE, n / TILE]),
    gflop: (2 * n ** 3) / 1e9,
    gbyte: (3 * size) / 1e9,
  };
}

export function autoregressiveKernel(device: GPUDevice, bytes: number): Kernel {
  const rows = Math.max(THREADS, Math.floor(bytes / (COLUMNS * 4) / THREADS) * THREADS);
  const sizes = [rows * COLUMNS * 4, COLUMNS * 4, rows * 4];
  return {
    ...workOf(device, matrixVector(rows), sizes, [rows / THREADS, 1]),
    gflop: (2 * rows * COLUMNS) / 1e9,
    gbyte: (rows * COLUMNS * 4) / 1e9,
  };
}
