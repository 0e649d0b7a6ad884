// A Vulkan driver that has no devices, and writes down that it was loaded, in the file that MOCK_VULKAN_LOG names. With
// MOCK_VULKAN_ABORT it takes the process with it, as a broken driver does.
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void loaded(void) {
  const char *name = getenv("MOCK_VULKAN_LOG");
  FILE *file = name ? fopen(name, "a") : NULL;
  if (!file) return;
  fputs("loaded\n", file);
  fclose(file);
  if (getenv("MOCK_VULKAN_ABORT")) abort();
}

// "Loader and Driver Interface" of the Vulkan loader: what a driver must export
void *vk_icdGetInstanceProcAddr(void *instance, const char *name) {
  (void)instance;
  (void)name;
  return NULL;
}
