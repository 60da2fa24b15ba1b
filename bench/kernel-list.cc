// Prints what a TensorFlow library registers, as its C interface hands it over. Started with the folder of the
// libraries and KERNELS (a message tensorflow.KernelList) or OPS (tensorflow.OpList).
#include <dlfcn.h>

#include <cstdio>
#include <string>

struct Buffer {
  const void* data;
  size_t length;
  void (*deallocate)(void*, size_t);
};

int main(int count, char** words) {
  if (count != 3) return 2;
  const std::string folder = words[1];
  void* library = nullptr;
  for (const char* name : {"/libtensorflow_framework.so.2", "/libtensorflow_cc.so.2"}) {
    library = dlopen((folder + name).c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr) {
      std::fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
  }
  auto find = [library](const char* name) { return dlsym(library, name); };
  Buffer* buffer = nullptr;
  if (std::string(words[2]) == "KERNELS") {
    auto status = reinterpret_cast<void* (*)()>(find("TF_NewStatus"))();
    buffer = reinterpret_cast<Buffer* (*)(void*)>(find("TF_GetAllRegisteredKernels"))(status);
  } else {
    buffer = reinterpret_cast<Buffer* (*)()>(find("TF_GetAllOpList"))();
  }
  std::fwrite(buffer->data, 1, buffer->length, stdout);
  std::fflush(stdout);
  // Without a driver the CUDA build may crash while it unloads.
  _Exit(0);
}
