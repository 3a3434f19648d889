import time, cProfile, pstats
def test_t(world):
    world.fleet.add_computer({"id":"1"})
    for i in range(4):
        t=time.perf_counter(); world.sync(); print("sync", time.perf_counter()-t)
    p=cProfile.Profile(); p.enable(); world.sync(); p.disable()
    pstats.Stats(p).sort_stats("cumtime").print_stats(60)
    t=time.perf_counter(); world.materialize("change_plan"); print("mat", time.perf_counter()-t)
    t=time.perf_counter(); world.materialize("change_plan"); print("mat", time.perf_counter()-t)
