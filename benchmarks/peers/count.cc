// Runs a core's library on one frame, for callgrind to count in `counted`. The file has 64-bit words: so many beats, samples a
// beat, rows, columns, results, words a result, coefficients; then the samples, a mark a beat, and the coefficients.

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <string>
#include <vector>

#include "driver.h"

using twin::i64;
using run_function = int (*)(void *, twin::job *, i64);

extern "C" __attribute__((noinline)) int counted(run_function run, void *core, twin::job *job) {
	return run(core, job, i64(1) << 40);
}

int main(int, char **arguments) {
	void *library = dlopen(arguments[1], RTLD_NOW);
	if (library == nullptr)
		return std::fprintf(stderr, "%s\n", dlerror()), 1;
	const std::string number = arguments[2];
	void *core = reinterpret_cast<void *(*)()>(dlsym(library, ("twin_new_" + number).c_str()))();
	const auto run = reinterpret_cast<run_function>(dlsym(library, ("twin_run_" + number).c_str()));

	std::FILE *file = std::fopen(arguments[3], "rb");
	const auto read = [&](i64 count) {
		std::vector<i64> words(count);
		if (std::fread(words.data(), 8, count, file) != size_t(count))
			std::abort();
		return words;
	};
	const auto sizes = read(7);
	const auto samples = read(sizes[0] * sizes[1]), wide_marks = read(sizes[0]), coefficients = read(sizes[6]);
	const std::vector<std::uint8_t> marks(wide_marks.begin(), wide_marks.end());
	std::vector<std::uint8_t> lasts(sizes[6]), result_marks(sizes[4]);
	std::vector<i64> results(sizes[4] * sizes[5]);
	const i64 start = 0, boundary = 0, fill = 0;

	twin::job job{};
	job.limit = i64(1) << 62;
	job.patience = 1 << 16;
	job.first_accept = job.first_result = -1;
	if (sizes[6]) {
		lasts.back() = 1;
		twin::job load = job;
		load.coefficients = coefficients.data(), load.coefficient_marks = lasts.data(), load.coefficient_count = sizes[6];
		run(core, &load, i64(1) << 40);
	}
	job.samples = samples.data(), job.marks = marks.data(), job.beats = sizes[0];
	if (sizes[2]) {
		job.frames = 1, job.frame_starts = &start, job.frame_rows = &sizes[2], job.frame_columns = &sizes[3];
		job.frame_boundaries = &boundary, job.frame_fills = &fill;
	}
	job.results = results.data(), job.result_marks = result_marks.data(), job.capacity = job.wanted = sizes[4];
	if (counted(run, core, &job) != twin::DONE)
		return 1;
	std::printf("%lld\n", static_cast<long long>(job.clock));
}
