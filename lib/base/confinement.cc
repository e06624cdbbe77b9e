#include "lib/base/confinement.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/base/system_call_filter.h"
#include "lib/base/unique_fd.h"

namespace brume {
namespace {

// Of later kernels than Debian 12's headers know.
constexpr uint64_t kTruncate = uint64_t{1} << 14, kIoctlDevice = uint64_t{1} << 15;
constexpr uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr uint64_t kReadTree = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kRunTree = kReadTree | LANDLOCK_ACCESS_FS_EXECUTE;
// What may be said of a file that is no directory.
constexpr uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | kReadFile | kTruncate;

// Landlock's version; 0 when the kernel has none, or it is switched off.
int FileRulesVersion() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

// Everything that this version can forbid.
uint64_t Handled(int version) {
  uint64_t handled = (uint64_t{LANDLOCK_ACCESS_FS_MAKE_SYM} << 1) - 1;
  if (version >= 2) handled |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) handled |= kTruncate;
  if (version >= 5) handled |= kIoctlDevice;
  return handled;
}

absl::Status Allow(int rules, const std::string& path, uint64_t access) {
  const UniqueFd file(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat info;
  if (!file || fstat(file.get(), &info) != 0) return absl::ErrnoToStatus(errno, path);
  landlock_path_beneath_attr rule = {};
  rule.parent_fd = file.get();
  rule.allowed_access = S_ISDIR(info.st_mode) ? access : access & kOfFiles;
  if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("allowing ", path));
  }
  return absl::OkStatus();
}

// Unset when the kernel has no such rules.
absl::StatusOr<UniqueFd> FileRules(const Confinement& confinement) {
  const int version = FileRulesVersion();
  if (version == 0) return UniqueFd();
  landlock_ruleset_attr attributes = {};
  attributes.handled_access_fs = Handled(version);
  UniqueFd rules(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0)));
  if (!rules) return absl::ErrnoToStatus(errno, "landlock_create_ruleset");
  // Links to below /usr on a merged system; where they are not there, neither is what is looked for in them.
  for (const char* path : {"/usr", "/lib", "/lib64", "/bin"}) {
    if (access(path, F_OK) == 0) RETURN_IF_ERROR(Allow(rules.get(), path, kRunTree));
  }
  for (const char* path : {"/etc/ld.so.cache", "/dev/urandom", "/dev/null", "/dev/zero"}) {
    if (access(path, F_OK) == 0) RETURN_IF_ERROR(Allow(rules.get(), path, kReadFile));
  }
  for (const std::string& path : confinement.readable) RETURN_IF_ERROR(Allow(rules.get(), path, kReadTree));
  const uint64_t write = kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE | (version >= 3 ? kTruncate : 0);
  for (const std::string& path : confinement.writable) RETURN_IF_ERROR(Allow(rules.get(), path, write));
  return rules;
}

absl::StatusOr<std::string> FindProgram(const std::string& name) {
  for (const char* directory : {"/usr/bin/", "/bin/"}) {
    std::string path = directory + name;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return absl::NotFoundError(absl::StrCat("there is no program ", name));
}

struct Limit {
  int resource;
  rlim_t value;
};

// What the child needs, made before it is there: between fork and exec it may not allocate.
struct Plan {
  const char* path;
  char* const* argv;
  char* const* environment;
  StandardFds fds;
  uid_t uid;
  gid_t gid;
  bool drop_user, own_network;
  int file_rules;  // -1 = none
  std::array<Limit, 5> limits;
  sock_fprog filter;
  int report;  // where to say what failed
};

struct Failure {
  int step = 0, error = 0;
};

constexpr const char* kSteps[] = {"signals",    "standard files", "capabilities", "namespaces",   "the user",
                                  "privileges", "limits",         "files",        "system calls", "execution"};
enum Step { kSignals, kFiles, kCapabilities, kNamespaces, kUser, kPrivileges, kLimits, kFileRules, kFilter, kExecute };

[[noreturn]] void Fail(const Plan& plan, Step step) {
  const Failure failure = {step, errno};
  // Nobody is left to hear of a report that cannot be written.
  [[maybe_unused]] const ssize_t written = write(plan.report, &failure, sizeof failure);
  _exit(127);
}

void TakeUser(const Plan& plan) {
  if (plan.drop_user) {
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
      if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) Fail(plan, kCapabilities);
    }
  }
  const int spaces = CLONE_NEWIPC | CLONE_NEWUTS | (plan.own_network ? CLONE_NEWNET : 0);
  if (plan.drop_user && unshare(spaces) != 0) Fail(plan, kNamespaces);
  // The system calls, and not the C library's, which stop every other thread: there is none.
  if (plan.drop_user &&
      (syscall(SYS_setgroups, 0, nullptr) != 0 || syscall(SYS_setresgid, plan.gid, plan.gid, plan.gid) != 0 ||
       syscall(SYS_setresuid, plan.uid, plan.uid, plan.uid) != 0)) {
    Fail(plan, kUser);
  }
}

// Only calls that are safe after the fork of a program with threads.
[[noreturn]] void RunChild(const Plan& plan) {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &standard, nullptr);  // some cannot be set
  sigset_t none;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, nullptr) != 0 || setpgid(0, 0) != 0) Fail(plan, kSignals);
  if (dup2(plan.fds.input, 0) < 0 || dup2(plan.fds.output, 1) < 0 || dup2(plan.fds.error, 2) < 0 || chdir("/") != 0 ||
      syscall(SYS_close_range, 3, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0) {
    Fail(plan, kFiles);
  }
  TakeUser(plan);
  // After the user: changing it unsets the signal.
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
    Fail(plan, kPrivileges);
  }
  for (const Limit& limit : plan.limits) {
    const rlimit both = {limit.value, limit.value};
    if (setrlimit(static_cast<__rlimit_resource>(limit.resource), &both) != 0) Fail(plan, kLimits);
  }
  if (plan.file_rules >= 0 && syscall(SYS_landlock_restrict_self, plan.file_rules, 0) != 0) Fail(plan, kFileRules);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &plan.filter) != 0) Fail(plan, kFilter);
  execve(plan.path, plan.argv, plan.environment);
  Fail(plan, kExecute);
}

}  // namespace

bool CanConfineFiles() { return FileRulesVersion() > 0; }

absl::StatusOr<pid_t> SpawnConfined(const std::vector<std::string>& argv, const StandardFds& fds,
                                    const Confinement& confinement) {
  if (argv.empty()) return absl::InvalidArgumentError("no program to run");
  const bool root = geteuid() == 0;
  if (root && confinement.uid == 0) return absl::UnavailableError("a confined program needs a user of its own");
  ASSIGN_OR_RETURN(const std::string path, FindProgram(argv[0]));
  const absl::StatusOr<UniqueFd> rules = FileRules(confinement);
  if (!rules.ok()) {
    return absl::UnavailableError(absl::StrCat(argv[0], " cannot be confined: ", rules.status().message()));
  }
  std::vector<sock_filter> filter = SystemCallFilter(confinement.network, confinement.listens);
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::string locale = "LC_ALL=C", search = "PATH=/usr/bin:/bin";
  const std::array<char*, 3> environment = {locale.data(), search.data(), nullptr};
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe2");
  UniqueFd hear(report[0]), say(report[1]);
  const auto limit = [](int resource, int64_t value) { return Limit{resource, static_cast<rlim_t>(value)}; };
  const Plan plan = {.path = path.c_str(),
                     .argv = arguments.data(),
                     .environment = environment.data(),
                     .fds = fds,
                     .uid = confinement.uid,
                     .gid = confinement.gid,
                     .drop_user = root,
                     .own_network = !confinement.network,
                     .file_rules = rules->get(),
                     .limits = {limit(RLIMIT_AS, confinement.memory_bytes), limit(RLIMIT_CPU, confinement.cpu_seconds),
                                limit(RLIMIT_FSIZE, confinement.file_bytes),
                                limit(RLIMIT_NOFILE, confinement.open_files), limit(RLIMIT_CORE, 0)},
                     .filter = {static_cast<unsigned short>(filter.size()), filter.data()},
                     .report = say.get()};
  // Without the handlers of fork: the child runs none of our code but the above.
  const pid_t pid = _Fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  if (pid == 0) RunChild(plan);
  say.reset();
  Failure failure;
  ssize_t count;
  while ((count = read(hear.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
  }
  if (count != sizeof failure) return pid;  // closed by its execution
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return absl::UnavailableError(absl::StrCat(argv[0], " cannot be confined: ", kSteps[failure.step], ": ",
                                             absl::ErrnoToStatus(failure.error, "").message()));
}

}  // namespace brume
