import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The daemon serves `/assets/web/...` for ever: names there have a digest of the content.
export default defineConfig({
  plugins: [svelte()],
  build: {
    assetsDir: "assets/web",
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { fs: { allow: ["../.."] } },
  test: {
    projects: [
      { extends: true, test: { name: "unit", include: ["src/**/*.test.ts"] } },
      { extends: true, test: { name: "e2e", include: ["e2e/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        extends: true,
        test: { name: "bench", include: ["e2e/bench/**/*.bench.ts"], testTimeout: 240_000, hookTimeout: 120_000 },
      },
    ],
  },
});
