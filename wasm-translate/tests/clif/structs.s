  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
  movq %rbx, 0x10(%rsp)
  movq %r12, 0x18(%rsp)
block0:
  movq 0x38(%rdi), %rbx
  movl 0xf000(%rbx), %eax
  movl 0xf004(%rbx), %ecx
  leal 0x10(%rax), %r8d
  cmpl %ecx, %r8d
  jnbe    label2; j label1
block1:
  leal 0x10(%rax), %ecx
  movl %ecx, 0xf000(%rbx)
  movl $0x2, %ecx
  orl 0x40(%rdi), %ecx
  movl %ecx, (%rbx, %rax)
  movl %esi, 4(%rbx, %rax)
  movl %edx, 8(%rbx, %rax)
  jmp     label3
block3:
  movq 0x10(%rsp), %rbx
  movq 0x18(%rsp), %r12
  addq $0x20, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq %rsi, %r12
  movl %edx, <offset:1>+(%rsp)
  movq 0x10(%rdi), %rax
  movq 0x100(%rax), %rax
  uninit  %rcx
  xorl %ecx, %ecx
  movl %ecx, %esi
  movl %ecx, %edx
  call    *%rax
  ; UserStackMap { by_type: [(types::I32, CompoundBitSet {0})], sp_to_sized_stack_slots: None }
  movl <offset:1>+(%rsp), %ecx
  movl %eax, %edx
  movq %r12, %rsi
  movl %esi, 4(%rbx, %rdx)
  movl %ecx, 8(%rbx, %rdx)
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
  subq $0x10, %rsp
  movq %rbx, (%rsp)
  movq %r12, 8(%rsp)
block0:
  movq 0x38(%rdi), %rbx
  movl 0xf000(%rbx), %eax
  movl 0xf004(%rbx), %ecx
  leal 0x10(%rax), %edx
  cmpl %ecx, %edx
  jnbe    label2; j label1
block1:
  leal 0x10(%rax), %ecx
  movl %ecx, 0xf000(%rbx)
  movl $0x2, %ecx
  orl 0x44(%rdi), %ecx
  movl %ecx, (%rbx, %rax)
  uninit  %rcx
  xorl %ecx, %ecx
  movb %cl, 6(%rbx, %rax)
  movw %cx, 4(%rbx, %rax)
  movq $0x0, 8(%rbx, %rax)
  jmp     label3
block3:
  movq (%rsp), %rbx
  movq 8(%rsp), %r12
  addq $0x10, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x10(%rdi), %rax
  movq 0x100(%rax), %rax
  movl $0x1, %ecx
  uninit  %r12
  xorl %r12d, %r12d
  movl %ecx, %esi
  movl %r12d, %edx
  call    *%rax
  movl %eax, %ecx
  movb %r12b, 6(%rbx, %rcx)
  movw %r12w, 4(%rbx, %rcx)
  movq $0x0, 8(%rbx, %rcx)
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %r8
  movq 0x38(%rdi), %rsi
  movq %r8, %rdi
  movl %edi, %edi
  movl 4(%rsi, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %r8
  movq 0x38(%rdi), %rsi
  movq %r8, %rdi
  movl %edi, %edi
  movl 8(%rsi, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %rdi
  movl %esi, %r8d
  movsbq 6(%rdi, %r8), %r9
  movzwq 4(%rdi, %r8), %rdi
  leal (%r9, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %r9
  movl %esi, %r10d
  movq %rsi, %rcx
  movl (%r9, %r10), %esi
  testl $0x2, %esi
  jnz     label1; j label2
block1:
  jmp     label3
block3:
  movl %edx, 8(%r9, %r10)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0xf008(%r9), %rax
  movl %ecx, (%rax)
  leaq 4(%rax), %rax
  movq %rax, 0xf008(%r9)
  orl $0x2, %esi
  movl %esi, (%r9, %r10)
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %r8
  movq 0x38(%rdi), %rsi
  movq %r8, %rdi
  movl %edi, %edi
  movl $0x0, 8(%rsi, %rdi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
  subq $0x30, %rsp
  movq %rbx, 0x10(%rsp)
  movq %r12, 0x18(%rsp)
  movq %r13, 0x20(%rsp)
  movq %r14, 0x28(%rsp)
block0:
  movq %rsi, %r8
  movq 0x38(%rdi), %r12
  movl 0x40(%rdi), %ebx
  uninit  %rax
  xorl %eax, %eax
  jmp     label1
block1:
  movl 0xf000(%r12), %ecx
  movl 0xf004(%r12), %esi
  leal 0x10(%rcx), %edx
  cmpl %esi, %edx
  jnbe    label3; j label2
block2:
  movl %edx, 0xf000(%r12)
  movq %rbx, %rdx
  orl $0x2, %edx
  movl %edx, (%r12, %rcx)
  movq %r8, %r13
  movl %r13d, 4(%r12, %rcx)
  movl %eax, 8(%r12, %rcx)
  movq %rcx, %rax
  movq %rdi, %r14
  jmp     label4
block4:
  subl $0x1, %r13d
  testl %r13d, %r13d
  jnz     label5; j label6
block5:
  movq %r14, %rdi
  movq %r13, %r8
  jmp     label1
block6:
  movq 0x10(%rsp), %rbx
  movq 0x18(%rsp), %r12
  movq 0x20(%rsp), %r13
  movq 0x28(%rsp), %r14
  addq $0x30, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block3:
  movq %r8, %r13
  movl %eax, <offset:1>+(%rsp)
  movq %rdi, %r14
  movq 0x10(%r14), %rax
  movq 0x100(%rax), %rax
  uninit  %rcx
  xorl %ecx, %ecx
  movl %ecx, %esi
  movl %ecx, %edx
  call    *%rax
  ; UserStackMap { by_type: [(types::I32, CompoundBitSet {0})], sp_to_sized_stack_slots: None }
  movl <offset:1>+(%rsp), %ecx
  movl %eax, %edx
  movl %r13d, 4(%r12, %rdx)
  movl %ecx, 8(%r12, %rdx)
  jmp     label4

