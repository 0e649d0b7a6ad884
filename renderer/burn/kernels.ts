/** A piece of work that can be repeated, and what one repetition is. */
export type Kernel = {
  readonly encode: (pass: GPUComputePassEncoder) => void;
  readonly gflop: number;
  readonly gbyte: number;
};

const TILE = 16;
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
/** y = M·x, one row a thread: every weight is read once and used once, like a model that writes token after token. */
const matrixVector = (rows: number): string => `
@group(0) @binding(0) var<storage, read> m: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
  var sum = 0.0;
  // threads beside each other read beside each other
  for (var k = 0u; k < ${COLUMNS / 4}u; k++) { sum += dot(m[k * ${rows}u + at.x], x[k]); }
  y[at.x] = sum;
}`;

function bound(device: GPUDevice, code: string, sizes: readonly number[]): [GPUComputePipeline, GPUBindGroup] {
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
  });
  const entries = sizes.map((size, binding) => ({
    binding,
    resource: { buffer: device.createBuffer({ size, usage: STORAGE }) },
  }));
  return [pipeline, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries })];
}

/** @param n a multiple of 16 */
export function diffusionKernel(device: GPUDevice, n: number): Kernel {
  const size = n * n * 4;
  const [pipeline, group] = bound(device, matrixProduct(n), [size, size, size]);
  return {
    encode: (pass) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(n / TILE, n / TILE);
    },
    gflop: (2 * n ** 3) / 1e9,
    gbyte: (3 * size) / 1e9,
  };
}

export function autoregressiveKernel(device: GPUDevice, bytes: number): Kernel {
  const rows = Math.max(64, Math.floor(bytes / (COLUMNS * 4) / 64) * 64);
  const [pipeline, group] = bound(device, matrixVector(rows), [rows * COLUMNS * 4, COLUMNS * 4, rows * 4]);
  return {
    encode: (pass) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(rows / 64);
    },
    gflop: (2 * rows * COLUMNS) / 1e9,
    gbyte: (rows * COLUMNS * 4) / 1e9,
  };
}
